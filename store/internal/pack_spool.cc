#include "store/internal/pack_spool.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".pack";

bool is_spool(const fs::path& path) {
  return path.extension() == kSuffix && base::is_uuid(path.stem().string());
}

struct Left {
  base::Bytes bytes;
  ChunkClass chunk_class = ChunkClass::data;
};

// Empty if it is of no use, which is no loss.
std::optional<Left> read_spool(const fs::path& file) {
  try {
    Left left{base::read_file(file, kMostPackBytes)};
    const auto header_bytes = std::min(left.bytes.size(), kPackHeaderBytes);
    left.chunk_class =
        decode_header(base::ByteView{left.bytes}.first(header_bytes), file.string()).chunk_class;
    return left;
  } catch (const base::Error& error) {
    base::log(base::LogLevel::info, "what an earlier run left is of no use: ", error.what());
    return std::nullopt;
  }
}

}  // namespace

PackSpool::PackSpool(const fs::path& directory, std::shared_ptr<PackBuilder> pack)
    : path_(directory / (base::new_uuid() + kSuffix)), pack_(std::move(pack)) {}

void PackSpool::write_completed() {
  const std::lock_guard lock{mutex_};
  if (!pack_) return;
  const std::vector<ContentsEntry> completed = pack_->take_completed();
  if (completed.empty()) return;
  if (!file_.is_open()) {
    std::error_code error;  // opening tells it, too
    fs::create_directories(path_.parent_path(), error);
    file_ = base::open_file(path_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    write(pack_->header(), 0);
  }
  const auto end_of = [](const ContentsEntry& entry) {
    return entry.offset + record_bytes(entry.header.sealed_bytes);
  };
  // Neighbours go out together.
  for (auto first = completed.begin(); first != completed.end();) {
    auto last = first;
    while (last + 1 != completed.end() && (last + 1)->offset == end_of(*last)) ++last;
    write(pack_->stretch(first->offset, end_of(*last) - first->offset), first->offset);
    first = last + 1;
  }
}

void PackSpool::write(base::ByteView bytes, std::uint64_t offset) {
  if (::lseek(file_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
    throw base::system_error(base::text("writing '", path_.string(), "'"), errno);
  }
  base::write_all(file_, bytes, path_);
}

void PackSpool::remove() {
  const std::lock_guard lock{mutex_};
  pack_.reset();
  if (!file_.is_open()) return;
  file_ = {};
  std::error_code stays;
  fs::remove(path_, stays);
}

fs::path spool_directory(const fs::path& index) {
  fs::path directory = index;
  directory += ".spool";
  return directory;
}

std::vector<fs::path> left_spools(const fs::path& directory) {
  std::vector<fs::path> left;
  std::error_code none;
  for (fs::directory_iterator entry{directory, none}; !none && entry != fs::directory_iterator{};
       entry.increment(none)) {
    if (is_spool(entry->path())) left.push_back(entry->path());
  }
  std::ranges::sort(left);
  return left;
}

void take_in_spool(const PackSubjects& subjects, const fs::path& file) {
  if (const std::optional<Left> left = read_spool(file)) {
    const std::uint64_t rescued =
        rescue_chunks(subjects, {{}, left->chunk_class, left->bytes.size()}, left->bytes);
    base::log(base::LogLevel::info, "an earlier run left ", rescued,
              " chunks on their way into the store; they are stored now");
  }
  std::error_code stays;
  fs::remove(file, stays);
}

}  // namespace store

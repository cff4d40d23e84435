#include "src/jobs/told_entries.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <unistd.h>

namespace jobs {
namespace {

// An entry: length of the content (4), the first octets of the content's SHA-256 (8), the content.
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kCheckBytes = 8;
constexpr std::size_t kHeadBytes = kLengthBytes + kCheckBytes;
// The summary of a backup of ten thousand mailboxes takes a few MiB.
constexpr std::size_t kMostContentBytes = std::size_t{64} << 20;
constexpr std::size_t kReadAheadBytes = std::size_t{256} << 10;

base::ByteView check_of(const base::Sha256& digest) { return digest.view().first(kCheckBytes); }

// Views of a file's bytes, read ahead.
class FileWindow {
 public:
  FileWindow(const base::FileHandle& file, const std::filesystem::path& path)
      : file_(file), path_(path) {}

  // Fewer at the end of the file. Valid until the next call.
  base::ByteView bytes(std::uint64_t offset, std::size_t size) {
    if (offset < start_ || offset + size > start_ + filled_) fill(offset, size);
    const auto skipped = static_cast<std::size_t>(offset - start_);
    return base::ByteView{buffer_}.subspan(skipped, std::min(size, filled_ - skipped));
  }

 private:
  void fill(std::uint64_t offset, std::size_t size) {
    buffer_.resize(std::max(size, kReadAheadBytes));
    start_ = offset;
    filled_ = 0;
    while (filled_ < buffer_.size()) {
      const ssize_t count = ::pread(file_.get(), buffer_.data() + filled_, buffer_.size() - filled_,
                                    static_cast<off_t>(start_ + filled_));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        throw base::system_error(base::text("reading '", path_.string(), "'"), errno);
      }
      if (count == 0) break;
      filled_ += static_cast<std::size_t>(count);
    }
  }

  const base::FileHandle& file_;
  const std::filesystem::path& path_;
  base::Bytes buffer_;
  std::uint64_t start_ = 0;
  std::size_t filled_ = 0;
};

class MemoryWindow {
 public:
  explicit MemoryWindow(base::ByteView all) : all_(all) {}
  base::ByteView bytes(std::uint64_t offset, std::size_t size) {
    const auto skipped = std::min(static_cast<std::size_t>(offset), all_.size());
    return all_.subspan(skipped, std::min(size, all_.size() - skipped));
  }

 private:
  base::ByteView all_;
};

std::uint64_t read_contents(auto window, std::uint64_t offset, std::uint64_t limit,
                            const std::function<bool(base::ByteView)>& on_content) {
  for (;;) {
    if (limit < offset || limit - offset < kHeadBytes) return offset;
    const base::ByteView head = window.bytes(offset, kHeadBytes);
    if (head.size() < kHeadBytes) return offset;
    const auto size = base::load_le<std::uint32_t>(head.data());
    if (size > kMostContentBytes || limit - offset - kHeadBytes < size) return offset;
    const base::Bytes check = base::to_bytes(head.subspan(kLengthBytes));
    const base::ByteView content = window.bytes(offset + kHeadBytes, size);
    if (content.size() < size) return offset;
    if (!std::ranges::equal(check_of(base::sha256(content)), check)) return offset;
    offset += kHeadBytes + size;
    if (!on_content(content)) return offset;
  }
}

}  // namespace

base::Bytes encode_entry(const Told& told) {
  const base::Bytes content = encode_told(told);
  if (content.size() > kMostContentBytes) {
    throw base::Error{base::ErrorKind::failed, base::text("what the job told is longer than ",
                                                          base::human_bytes(kMostContentBytes))};
  }
  base::Bytes entry(kLengthBytes);
  base::store_le(entry.data(), static_cast<std::uint32_t>(content.size()));
  base::append(entry, check_of(base::sha256(content)));
  base::append(entry, content);
  return entry;
}

std::uint64_t read_entries(const base::FileHandle& file, const std::filesystem::path& path,
                           std::uint64_t offset, std::uint64_t limit, const OnTold& on_told) {
  return read_contents(FileWindow{file, path}, offset, limit,
                       [&](base::ByteView content) { return on_told(decode_told(content)); });
}

std::uint64_t read_entries(base::ByteView bytes, std::uint64_t offset, const OnTold& on_told) {
  return read_contents(MemoryWindow{bytes}, offset, bytes.size(),
                       [&](base::ByteView content) { return on_told(decode_told(content)); });
}

std::uint64_t end_of_entries(const base::FileHandle& file, const std::filesystem::path& path) {
  return read_contents(FileWindow{file, path}, 0, std::numeric_limits<std::uint64_t>::max(),
                       [](base::ByteView) { return true; });
}

}  // namespace jobs

#include "store/internal/index_logs.h"

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"

#include <string>

namespace store {
namespace {

// The format of RocksDB's logs (and LevelDB's before): blocks with records that do not cross them,
// each of checksum (4 bytes), length (2) and type (1), then its content.
constexpr std::size_t kBlockBytes = 32 * 1024;
constexpr std::size_t kHeaderBytes = 7;
constexpr std::size_t kLengthOffset = 4;
constexpr std::size_t kTypeOffset = 6;
constexpr unsigned kFirstRecyclable = 5;
constexpr unsigned kLastRecyclable = 8;

bool has_recyclable_record(base::ByteView log) {
  std::size_t position = 0;
  while (position + kHeaderBytes <= log.size()) {
    const std::size_t left_in_block = kBlockBytes - position % kBlockBytes;
    const std::byte* header = log.data() + position;
    const std::size_t length = base::load_le<std::uint16_t>(header + kLengthOffset);
    const auto type = std::to_integer<unsigned>(header[kTypeOffset]);
    if (left_in_block < kHeaderBytes || (type == 0 && length == 0)) {
      position += left_in_block;  // filled up with zeros
      continue;
    }
    if (type >= kFirstRecyclable && type <= kLastRecyclable) return true;
    if (kHeaderBytes + length > left_in_block) return false;  // RocksDB finds this one itself
    position += kHeaderBytes + length;
  }
  return false;
}

}  // namespace

void check_index_logs(const std::filesystem::path& index) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{index, error}) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("MANIFEST-") && !name.ends_with(".log")) continue;
    try {
      if (!has_recyclable_record(base::read_file(entry.path()))) continue;
    } catch (const base::Error& failure) {
      // A process that writes beside us has replaced it.
      if (failure.kind() == base::ErrorKind::not_found) continue;
      throw;
    }
    throw base::Error{base::ErrorKind::corrupt,
                      base::text("index '", index.string(), "': a record of ", name,
                                 " is of an impossible type")};
  }
  if (error) throw base::system_error(base::text("listing '", index.string(), "'"), error.value());
}

}  // namespace store

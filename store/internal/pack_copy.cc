#include "store/internal/pack_copy.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"
#include "store/internal/pack_format.h"
#include "store/internal/parity_objects.h"

#include <algorithm>
#include <optional>

namespace store {
namespace {

using base::ErrorKind;

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

// Empty unless its bytes are those of its name.
std::optional<base::Bytes> read_proven(const Backend& first, const std::string& name,
                                       const PackObject& pack) {
  if (pack.size_bytes > kMostPackBytes) return std::nullopt;
  try {
    base::Bytes bytes = first.read(name, 0, static_cast<std::size_t>(pack.size_bytes));
    if (base::sha256(bytes).bytes == pack.id.bytes) return bytes;
    base::log(base::LogLevel::warning, "pack ", name,
              " does not match its name and is not copied as it is");
  } catch (const base::Error& error) {
    // Whatever the reason: its chunks are tried one by one.
    base::log(base::LogLevel::warning, "pack ", name, " cannot be copied as it is: ", error.what());
  }
  return std::nullopt;
}

bool lies_there(const Backend& second, const std::string& name, const PackObject& pack) {
  if (second.size_bytes(name) != pack.size_bytes) return false;
  base::Sha256Stream digest;
  for (std::uint64_t offset = 0; offset < pack.size_bytes; offset += kPieceBytes) {
    const std::uint64_t left = pack.size_bytes - offset;
    digest.update(second.read(
        name, offset, static_cast<std::size_t>(std::min<std::uint64_t>(left, kPieceBytes))));
  }
  return digest.finish().bytes == pack.id.bytes;
}

}  // namespace

bool copy_pack(const Backend& first, const PackArrivals& second, const PackObject& pack) {
  const std::string name = pack_name(pack.chunk_class, pack.id);
  const std::optional<base::Bytes> bytes = read_proven(first, name, pack);
  if (!bytes) return false;
  const base::ByteView whole = *bytes;
  const Backend::Put put = second.backend.put_if_absent(name, {&whole, 1});
  if (!lies_there(second.backend, name, pack)) {
    if (put == Backend::Put::exists) {
      base::log(base::LogLevel::warning, "pack ", name, " is damaged in ",
                second.backend.describe(), ": check --repair there heals it");
      return false;
    }
    second.backend.remove(name);  // or the next run would take it for what it should be
    throw base::Error{ErrorKind::disk, base::text("pack ", name, " does not read back from ",
                                                  second.backend.describe(), " as it was written")};
  }
  const PackContents contents = read_pack_contents(second.backend, second.keys, pack);
  if (second.parity) {
    put_parity(second.backend, pack.id, encode_parity(pack.chunk_class, pack.id, whole));
  }
  second.leases.rely_on(pack.id);  // first: nothing names its chunks until a commit does
  second.index.add_pack(contents.row, contents.chunks);
  return true;
}

}  // namespace store

#include "store/internal/parity_objects.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "store/internal/object_name.h"

namespace store {
namespace {

// Empty if it is not there; what cannot be parity, whatever its size, gives no bytes.
std::optional<base::Bytes> read_object(const Backend& backend, const PackId& pack) {
  const std::string name = parity_name(pack);
  const std::optional<std::uint64_t> size_bytes = backend.size_bytes(name);
  if (!size_bytes) return std::nullopt;
  if (*size_bytes > kMostParityBytes) return base::Bytes{};
  try {
    return backend.read(name, 0, static_cast<std::size_t>(*size_bytes));
  } catch (const base::Error& error) {
    // Removed with its pack since, or cut short while we looked.
    if (error.kind() == base::ErrorKind::not_found) return std::nullopt;
    if (error.kind() == base::ErrorKind::corrupt) return base::Bytes{};
    throw;
  }
}

}  // namespace

ParityState compare_parity(const Backend& backend, const PackId& pack, const Parity& expected) {
  const std::optional<base::Bytes> stored = read_object(backend, pack);
  if (!stored) return ParityState::missing;
  return expected.is_stored_as(*stored) ? ParityState::whole : ParityState::damaged;
}

std::optional<StoredParity> read_parity(const Backend& backend, const PackId& pack) {
  const std::optional<base::Bytes> stored = read_object(backend, pack);
  return stored ? decode_parity(pack, *stored) : std::nullopt;
}

void put_parity(Backend& backend, const PackId& pack, const Parity& parity) {
  const std::string name = parity_name(pack);
  try {
    backend.put_if_absent(name, parity.parts());
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::disk) throw;
    base::log(base::LogLevel::warning,
              "parity could not be written and is written again: ", error.what());
    backend.put_if_absent(name, parity.parts());
  }
}

void replace_parity(Backend& backend, const PackId& pack, const Parity& parity) {
  base::Bytes whole;
  for (const base::ByteView part : parity.parts()) base::append(whole, part);
  backend.replace(parity_name(pack), whole);
}

void remove_pack_with_parity(Backend& backend, const PackObject& pack) {
  backend.remove(parity_name(pack.id));
  backend.remove(pack_name(pack.chunk_class, pack.id));
}

}  // namespace store

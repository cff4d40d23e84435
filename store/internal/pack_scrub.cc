#include "store/internal/pack_scrub.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"
#include "store/internal/pack_format.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

namespace store {
namespace {

// Empty if the pack's bytes are not those of its name.
std::optional<Parity> read_against_name(const Backend& backend, const std::string& name,
                                        const PackObject& pack, const OnRead& on_read) {
  base::Sha256Stream digest;
  ParityEncoder encoder{pack.chunk_class, pack.size_bytes};
  for (std::uint64_t offset = 0; offset < pack.size_bytes;) {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(pack.size_bytes - offset, kMostParityBlockBytes));
    const base::Bytes block = backend.read(name, offset, size);
    digest.update(block);
    encoder.add(block);
    offset += size;
    on_read(size);
  }
  if (digest.finish().bytes != pack.id.bytes) return std::nullopt;
  return encoder.finish(pack.id);
}

}  // namespace

ScrubbedPack scrub_pack(const Backend& backend, const PackObject& pack, const OnRead& on_read) {
  const std::string name = pack_name(pack.chunk_class, pack.id);
  ScrubbedPack result;
  const auto damaged = [&](std::string error) {
    result.state = ScrubbedPack::State::damaged;
    result.errors.push_back(std::move(error));
    return result;
  };
  if (pack.size_bytes == 0 || pack.size_bytes > kMostPackBytes) {
    return damaged(
        base::text("pack ", name, " has an impossible size of ", pack.size_bytes, " bytes"));
  }
  std::optional<Parity> expected;
  try {
    expected = read_against_name(backend, name, pack, on_read);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::not_found) {
      if (backend.size_bytes(parity_name(pack.id))) {
        return damaged(base::text("pack ", name, " is missing"));
      }
      result.state = ScrubbedPack::State::gone;
      return result;
    }
    // A sector that cannot be read is damage, and the other packs still want to be looked at.
    if (error.kind() != base::ErrorKind::corrupt && error.kind() != base::ErrorKind::disk) throw;
    return damaged(error.what());
  }
  if (!expected) return damaged(base::text("pack ", name, " does not match its name"));
  try {
    result.parity = compare_parity(backend, pack.id, *expected);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::disk) throw;
    result.parity = ParityState::damaged;
  }
  if (result.parity == ParityState::damaged) {
    result.errors.push_back(base::text("the parity of pack ", name, " is damaged"));
  }
  return result;
}

std::vector<PackId> list_parity(const Backend& backend,
                                const std::function<void(const std::string& name)>& on_stranger) {
  std::vector<PackId> parities;
  backend.list(kParityPrefix, [&](const std::string& name, std::uint64_t) {
    if (const std::optional<PackId> pack = parity_pack_of(name)) {
      parities.push_back(*pack);
    } else {
      on_stranger(name);
    }
  });
  return parities;
}

std::vector<PackObject> find_lost_packs(const Backend& backend, const std::vector<PackId>& parities,
                                        const std::vector<PackObject>& packs) {
  std::unordered_set<PackId, base::FixedBytesHash> there;
  for (const PackObject& pack : packs) there.insert(pack.id);
  std::vector<PackObject> lost;
  for (const PackId& id : parities) {
    if (there.contains(id)) continue;
    // Unless both were removed while we listed.
    const std::optional<StoredParity> parity = read_parity(backend, id);
    if (!backend.size_bytes(parity_name(id))) continue;
    PackObject pack{id, ChunkClass::data, 0};
    if (parity) {
      pack.chunk_class = parity->head.chunk_class;
      pack.size_bytes = parity->head.pack_bytes;
    }
    lost.push_back(pack);
  }
  return lost;
}

}  // namespace store

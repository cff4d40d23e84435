#include "store/internal/chunk_rescue.h"

#include "store/internal/sealed_chunk_store.h"

#include <map>
#include <memory>

namespace store {

std::uint64_t rescue_chunks(const PackSubjects& subjects, const PackObject& pack,
                            base::ByteView left) {
  ChunkStoreSettings settings;
  settings.parity = subjects.parity;
  struct Anew {
    std::shared_ptr<const TenantKeys> keys;
    std::unique_ptr<ChunkStore> chunks;
  };
  std::map<base::Bytes, Anew> stores;  // by tag; a pack has one tenant
  std::uint64_t rescued = 0;
  const auto store_again = [&](base::ByteView tag, const ChunkId&, base::ByteView plaintext) {
    auto& [keys, chunks] = stores[base::to_bytes(tag)];
    if (!chunks) {
      keys = subjects.keys.tenant_of_tag(tag);
      chunks = open_chunk_store(subjects.backend, subjects.index, subjects.keys.repository(), *keys,
                                subjects.codec, subjects.clock, subjects.leases, settings);
    }
    if (chunks->put(pack.chunk_class, plaintext).is_new) ++rescued;
  };
  static_cast<void>(salvage_pack(subjects.keys, pack, left, store_again));
  for (const auto& [tag, anew] : stores) anew.chunks->flush();
  return rescued;
}

}  // namespace store

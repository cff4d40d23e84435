#include "tests/support/memory_chunk_store.h"

#include "src/base/error.h"

namespace test {

store::ChunkStore::PutResult MemoryChunkStore::put(store::ChunkClass, base::ByteView plaintext) {
  base::check(!plaintext.empty() && plaintext.size() <= std::size_t{16} << 20,
              "a chunk has 1 byte to 16 MiB");
  const auto id = store::ChunkId::from(base::hmac_sha256(base::as_bytes("test"), plaintext).view());
  auto state = state_.lock();
  const bool is_new = state->chunks.try_emplace(id, base::to_bytes(plaintext)).second;
  if (is_new) {
    ++state->figures.chunks;
    state->figures.bytes += plaintext.size();
  }
  return {id, is_new, is_new ? static_cast<std::uint32_t>(plaintext.size()) : 0};
}

std::optional<base::Bytes> MemoryChunkStore::get(const store::ChunkId& id) const {
  auto state = state_.lock();
  ++state->figures.gets;
  const auto found = state->chunks.find(id);
  if (found == state->chunks.end()) return std::nullopt;
  return found->second;
}

bool MemoryChunkStore::contains(const store::ChunkId& id) const {
  return state_.lock()->chunks.contains(id);
}

void MemoryChunkStore::alter(const store::ChunkId& id,
                             const std::function<void(base::Bytes&)>& change) {
  change(state_.lock()->chunks.at(id));
}

void MemoryChunkStore::remove(const store::ChunkId& id) { state_.lock()->chunks.erase(id); }

MemoryChunkStore::Figures MemoryChunkStore::figures() const { return state_.lock()->figures; }

void MemoryChunkStore::for_each(
    const std::function<void(const store::ChunkId&, base::ByteView)>& on_chunk) const {
  auto state = state_.lock();
  for (const auto& [id, bytes] : state->chunks) on_chunk(id, bytes);
}

}  // namespace test

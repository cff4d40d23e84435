// Chunks in memory: for tests of what stands on chunks.
#pragma once

#include "src/base/digest.h"
#include "src/base/synchronized.h"
#include "store/chunk_store.h"

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace test {

// Thread-safe.
class MemoryChunkStore final : public store::ChunkStore {
 public:
  PutResult put(store::ChunkClass chunk_class, base::ByteView plaintext) override;
  [[nodiscard]] std::optional<base::Bytes> get(const store::ChunkId& id) const override;
  [[nodiscard]] bool contains(const store::ChunkId& id) const override;
  void flush() override {}

  // Changes the plaintext of a chunk without changing its id, as no real store would let pass.
  void alter(const store::ChunkId& id, const std::function<void(base::Bytes&)>& change);
  void remove(const store::ChunkId& id);

  struct Figures {
    std::uint64_t chunks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t gets = 0;
  };
  [[nodiscard]] Figures figures() const;
  void for_each(const std::function<void(const store::ChunkId&, base::ByteView)>& on_chunk) const;

 private:
  struct State {
    std::unordered_map<store::ChunkId, base::Bytes, base::FixedBytesHash> chunks;
    Figures figures;
  };
  mutable base::Synchronized<State> state_;
};

}  // namespace test

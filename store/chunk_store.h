// Immutable chunks of one tenant, addressed by the keyed hash of their plaintext, each stored once.
//
// Order on disk: pack bytes, then index entry; a snapshot may name a chunk only after flush().
// Thread-safe: hashing, compressing and verifying run on the callers' threads, one owner at a time
// appends to the open packs. After a failed write every write throws Error(disk) or Error(full)
// until the repository is reopened.
#pragma once

#include "store/ids.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace store {

// Kept in packs of their own, so that listing and verifying need not read mail.
enum class ChunkClass : std::uint8_t { data = 0, metadata = 1 };

class ChunkStore {
 public:
  virtual ~ChunkStore() = default;

  struct PutResult {
    ChunkId id;
    bool is_new = false;
    std::uint32_t stored_bytes = 0;  // what it takes in its pack; 0 unless new
  };

  // Accepts a chunk of 1 byte to 16 MiB; it survives a power cut once flush() has returned. A new
  // chunk has been opened and decompressed again and compared with its id before it is published.
  virtual PutResult put(ChunkClass chunk_class, base::ByteView plaintext) = 0;

  // Empty if the store never held the chunk. A chunk can be read as soon as put() has returned,
  // flushed or not. Throws Error(corrupt) rather than return wrong bytes.
  [[nodiscard]] virtual std::optional<base::Bytes> get(const ChunkId& id) const = 0;
  [[nodiscard]] virtual bool contains(const ChunkId& id) const = 0;
  // Whether the store holds the chunk; prune then leaves it alone as if it had just been put.
  [[nodiscard]] virtual bool rely_on(const ChunkId& id) { return contains(id); }

  // Once this has returned, what was put survives the end of the process, though no power cut, if
  // there is a place to keep it: for what would be dear to put again. Nobody may rely on it: it may
  // miss a chunk that another thread is just storing.
  virtual void keep() {}

  // Closes, syncs and indexes the open packs.
  virtual void flush() = 0;
};

}  // namespace store

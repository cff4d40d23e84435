// What a chunk is called and how it is written down: id, compression, and the way back.
#pragma once

#include "src/base/bytes.h"
#include "store/chunk_store.h"
#include "store/ids.h"
#include "store/internal/cipher.h"
#include "store/internal/codec.h"
#include "store/internal/pack_format.h"

#include <cstdint>

namespace store {

// Thread-safe.
class ChunkEncoder {
 public:
  // The codec outlives it. `id_key` has 32 bytes.
  ChunkEncoder(base::ByteView id_key, const Codec& codec) : hash_(id_key), codec_(codec) {}

  [[nodiscard]] ChunkId id_of(ChunkClass chunk_class, base::ByteView plaintext) const;

  struct Encoded {
    RecordHeader header;
    base::ByteView payload;  // of this thread; valid until it encodes again, or the plaintext goes
  };
  [[nodiscard]] Encoded encode(const ChunkId& id, base::ByteView plaintext) const;

  // The chunk, from an opened record. Error(corrupt) if it does not decompress to the stated
  // length; `plaintext` has that length.
  void decode(const RecordHeader& header, base::ByteView payload,
              base::MutableByteView plaintext) const;

 private:
  KeyedHash hash_;
  const Codec& codec_;
};

}  // namespace store

// Item streams: cut into chunks on the way in, put together again and proven on the way out.
//
// The bytes are opaque: nothing here looks at what they mean.
#pragma once

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "store/ids.h"

#include <cstdint>
#include <memory>

namespace store {

// A stored stream: one chunk, or a recipe (chunk ids, lengths) that is a chunk itself.
struct ContentRef {
  ChunkId chunk;
  bool is_recipe = false;
  std::uint64_t size_bytes = 0;
  base::Sha256 sha256;  // of the exact stream

  bool operator==(const ContentRef&) const = default;
};

struct StoredContent {
  ContentRef ref;
  std::uint64_t new_bytes = 0;     // plaintext that the store did not hold yet
  std::uint64_t stored_bytes = 0;  // what that takes in packs
};

// Takes one stream, in pieces of any size. Used by one thread; many writers work side by side.
// Dropped without finish(), it leaves at most chunks that nothing names.
class ContentWriter {
 public:
  virtual ~ContentWriter() = default;

  virtual void append(base::ByteView piece) = 0;
  // A boundary inside the content lies after what was appended so far. A chunk may end there; a
  // wrong hint costs space only.
  virtual void hint_boundary() {}
  // The stream is whole. The writer takes no more.
  virtual StoredContent finish() = 0;
};

// Gives a stream back, from the beginning, as often as asked; memory stays at a few chunks. Each
// chunk is authenticated, and the last read() compares length and SHA-256 of the whole stream:
// Error(corrupt) rather than wrong bytes. Used by one thread.
class ContentReader {
 public:
  virtual ~ContentReader() = default;

  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  // Fills the front of `target`; 0 only at the end.
  virtual std::size_t read(base::MutableByteView target) = 0;
  virtual void rewind() = 0;
};

}  // namespace store

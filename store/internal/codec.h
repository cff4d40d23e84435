// Compression of chunks.
#pragma once

#include "src/base/bytes.h"

#include <cstddef>
#include <memory>
#include <optional>

namespace store {

// Thread-safe.
class Codec {
 public:
  virtual ~Codec() = default;

  // Compresses into the front of `target` and says how much; empty if it does not fit.
  [[nodiscard]] virtual std::optional<std::size_t> compress(base::ByteView plain,
                                                            base::MutableByteView target) const = 0;
  // Fills exactly `target`; false if `compressed` is not what compress() makes of that many bytes.
  // The input may be hostile.
  [[nodiscard]] virtual bool decompress(base::ByteView compressed,
                                        base::MutableByteView target) const = 0;
};

// Zstandard (RFC 8878), contexts reused per thread.
std::unique_ptr<Codec> make_zstd_codec(int level = 3);

}  // namespace store

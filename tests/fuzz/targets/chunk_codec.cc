#include "store/internal/codec.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

// The length that a record states, then what lies there.
void fuzz_chunk_codec(base::ByteView input) {
  static const auto codec = store::make_zstd_codec();
  InputReader reader{input};
  base::Bytes plain(reader.number<std::uint32_t>() % (std::size_t{1} << 18) + 1);
  const base::ByteView bytes = reader.rest();
  static_cast<void>(codec->decompress(bytes, plain));
  if (bytes.empty()) return;
  base::Bytes compressed(bytes.size() + 512);
  const auto size = codec->compress(bytes, compressed);
  if (!size) return;
  base::Bytes again(bytes.size());
  hold(codec->decompress(base::ByteView{compressed}.first(*size), again) &&
           std::ranges::equal(again, bytes),
       "what was compressed comes back");
  base::Bytes longer(bytes.size() + 1);
  hold(!codec->decompress(base::ByteView{compressed}.first(*size), longer),
       "a frame of another length is refused");
}

}  // namespace fuzz

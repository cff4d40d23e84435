#include "src/base/base64.h"

#include "tests/fuzz/targets.h"

namespace fuzz {

// An octet that chooses where the text is cut, then the text.
void fuzz_base64(base::ByteView input) {
  InputReader reader{input};
  const std::size_t piece_bytes = 1 + reader.octet() % 13;
  const base::ByteView bytes = reader.rest();
  hold(base::base64_decode(base::base64_encode(bytes)) == base::to_bytes(bytes),
       "what was encoded comes back");

  const std::string_view text = base::as_text(bytes);
  const auto whole = base::base64_decode(text);
  if (whole) {
    // The unused bits of the last character may be set: only then is it another text.
    const std::string again = base::base64_encode(*whole);
    hold(again.size() == text.size() && base::base64_decode(again) == whole,
         "what was decoded is encoded again");
  }
  base::Base64Decoder decoder;
  base::Bytes pieces;
  bool good = true;
  for (std::size_t at = 0; at < text.size() && good; at += piece_bytes) {
    good = decoder.decode(text.substr(at, piece_bytes), pieces);
  }
  hold((good && decoder.complete()) == whole.has_value(), "cutting a text changes no verdict");
  hold(!whole || pieces == *whole, "cutting a text changes no byte");
}

}  // namespace fuzz

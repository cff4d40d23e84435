#include "src/base/text.h"

#include "tests/fuzz/targets.h"

namespace fuzz {

// Small functions that foreign text goes through everywhere.
void fuzz_text(base::ByteView input) {
  const std::string_view text = base::as_text(input);
  const std::string shown = base::printable(text);
  hold(base::printable(shown) == shown, "printable text stays as it is");
  hold(shown.find_first_of("\n\r\x1b\x7f") == std::string::npos, "no control reaches a terminal");
  hold(base::percent_decode(base::percent_encode(text)) == text, "what was encoded is decoded");
  static_cast<void>(base::percent_decode(text));
  const auto hex = unless_refused({base::ErrorKind::usage}, [&] { return base::from_hex(text); });
  hold(!hex || base::equals_ignoring_case(base::to_hex(*hex), text), "digits mean bytes");
  hold(base::from_hex(base::to_hex(input)) == base::to_bytes(input), "bytes have digits");
  const std::size_t half = text.find('\n');
  if (half != std::string_view::npos && text.size() < 512) {
    const std::string_view name = text.substr(0, half);
    const std::string_view pattern = text.substr(half + 1);
    const bool matches = base::matches_glob(name, pattern);
    hold(matches == base::matches_glob(base::to_lower(name), base::to_lower(pattern)),
         "a pattern does not look at case");
    hold(base::matches_glob(name, "*"), "a star matches everything");
    static_cast<void>(base::nearest(name, {std::string{pattern}, "mailbox"}));
  }
}

}  // namespace fuzz

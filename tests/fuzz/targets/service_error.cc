#include "src/graph/service_error.h"

#include "src/base/text.h"
#include "src/graph/sign_in_error.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

// Two octets are a status, the rest the body that came with it.
void fuzz_service_error(base::ByteView input) {
  // Three bytes a character at most, and the sign that it was cut.
  constexpr std::size_t kLongest = 3 * 400 + 3;
  InputReader reader{input};
  const int status = reader.number<std::uint16_t>() % 1000;
  const std::string_view body = base::as_text(reader.rest());
  const graph::ServiceError error = graph::parse_service_error(body);
  hold(error.code.size() <= kLongest && error.message.size() <= kLongest,
       "what the service says is bounded");
  hold(base::printable(error.text()) == error.text(), "what the service says is printable");
  for (const std::string& code : error.inner_codes) {
    hold(code.size() <= kLongest && base::printable(code) == code, "so are the nested codes");
  }
  const graph::SignInFailure failure = graph::explain_sign_in_failure(status, body);
  hold(!failure.message.empty() && base::printable(failure.message) == failure.message,
       "why nobody may sign in is said, and printable");
  hold(failure.message.size() <= 4 * kLongest, "and bounded");
}

}  // namespace fuzz

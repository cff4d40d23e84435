// Why the login service refused, in the operator's words. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace graph {

struct SignInFailure {
  enum class Kind : std::uint8_t {
    refused,    // stays so until somebody changes something
    clock,      // outside its time range: one more try
    transient,  // the login service asks to come again
  };
  Kind kind = Kind::refused;
  std::string message;  // what is wrong and what to do; printable and bounded
};

// The answer to a token request that was no success.
SignInFailure explain_sign_in_failure(int status, std::string_view body);

}  // namespace graph

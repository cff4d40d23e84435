// Client assertions: a JWT signed with a registered certificate's key, checked as the login service
// does.
#pragma once

#include "tests/simulator/applications.h"
#include "tests/simulator/message.h"

#include <exception>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace simulator {

// Why a sign-in was refused, in the login service's words.
class LoginError : public std::exception {
 public:
  LoginError(int status, std::string error, int code, std::string message)
      : status_(status), error_(std::move(error)), code_(code), message_(std::move(message)) {}

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& error() const { return error_; }  // "invalid_client"
  [[nodiscard]] int code() const { return code_; }                   // 7000215
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  int status_;
  std::string error_;
  int code_;
  std::string message_;
};

// Throws LoginError unless the assertion is good: PS256 or RS256, x5t#S256 or x5t of a registered
// certificate, audience, issuer, subject, times, and a jti that is not in `seen`, to which it is
// added.
void check_assertion(std::string_view assertion, const Application& application,
                     std::string_view audience, Instant now, std::set<std::string>& seen);

}  // namespace simulator

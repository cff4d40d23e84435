// How the service says no: thrown by whoever decides, turned into an answer in one place.
#pragma once

#include "tests/simulator/message.h"

#include <exception>
#include <string>
#include <utility>

namespace simulator {

class Refusal : public std::exception {
 public:
  Refusal(int status, std::string code, std::string message, Headers headers = {})
      : status_(status),
        code_(std::move(code)),
        message_(std::move(message)),
        headers_(std::move(headers)) {}

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const Headers& headers() const { return headers_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  int status_;
  std::string code_;
  std::string message_;
  Headers headers_;
};

}  // namespace simulator

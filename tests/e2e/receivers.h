// Real receivers of alerts: a webhook's server and a mail server, as a program beside the test.
#pragma once

#include "tests/e2e/appliance.h"
#include "tests/support/process.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace test {

class Receivers {
 public:
  struct Settings {
    // Where to make a certificate; with it the webhook speaks HTTPS. Empty: without.
    std::filesystem::path directory{};
    std::string security = "none";  // of the mail server: "none", "starttls", "tls"
    std::string user{};             // who has to log in to send mail
    std::string password{};
  };
  explicit Receivers(const Settings& settings);

  // Paths mean what tests/e2e/harness/receivers.py says.
  [[nodiscard]] std::string webhook(const std::string& path = "/") const;
  [[nodiscard]] std::uint16_t smtp_port() const { return smtp_port_; }
  // What clients have to trust.
  [[nodiscard]] std::filesystem::path certificate() const;

  // All that came since the last call, in the order of coming: {"by":"webhook","path","body",...},
  // {"by":"mail","from","to","headers","text","raw",...}.
  std::vector<Json> received();

 private:
  Settings settings_;
  Process process_;
  std::uint16_t webhook_port_ = 0;
  std::uint16_t smtp_port_ = 0;
  std::unique_ptr<http::Transport> transport_;
};

}  // namespace test

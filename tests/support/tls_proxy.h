// A real TLS and HTTP/2 front (nghttpx) before a server of a test, with an authority of its own.
#pragma once

#include "tests/support/temporary_directory.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace test {

class TlsProxy {
 public:
  // Throws when nghttpx or openssl is not installed.
  explicit TlsProxy(std::uint16_t backend_port);
  ~TlsProxy();
  TlsProxy(const TlsProxy&) = delete;
  TlsProxy& operator=(const TlsProxy&) = delete;

  // "https://localhost:PORT/...": what the certificate names besides 127.0.0.1.
  [[nodiscard]] std::string url(std::string_view path = "/") const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // The authority to trust.
  [[nodiscard]] std::filesystem::path authority() const { return directory_ / "ca.pem"; }

 private:
  TemporaryDirectory directory_;
  std::uint16_t port_;
  pid_t process_ = -1;
};

}  // namespace test

// Signing in with a certificate: a short-lived JWT signed with its private key (PS256, x5t#S256).
#pragma once

#include "src/base/clock.h"
#include "src/base/secret.h"

#include <memory>
#include <string>
#include <string_view>

namespace graph {

// Thread-safe.
class ClientCertificate {
 public:
  // Error(usage) unless these are a certificate and its unencrypted RSA key, both PEM.
  ClientCertificate(std::string_view certificate_pem, const base::Secret& private_key_pem);
  ~ClientCertificate();
  ClientCertificate(ClientCertificate&&) noexcept;
  ClientCertificate& operator=(ClientCertificate&&) noexcept;

  // A JWT that names `client_id` to `audience` (the token endpoint), good for ten minutes from
  // `now`, never the same twice.
  [[nodiscard]] std::string assertion(std::string_view audience, std::string_view client_id,
                                      base::Instant now) const;
  // The end of the certificate's validity.
  [[nodiscard]] base::Instant ends() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace graph

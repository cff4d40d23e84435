// RSA keys and X.509 certificates for tests: an authority, a server, clients. Never for anything
// else.
#pragma once

#include <string>

namespace simulator {

struct KeyAndCertificate {
  std::string key_pem;
  std::string certificate_pem;
};

// A certificate authority of its own, valid for a year around now.
KeyAndCertificate make_authority();
// For "localhost", 127.0.0.1 and ::1, signed by `authority`.
KeyAndCertificate make_server_certificate(const KeyAndCertificate& authority);
// Self-signed, as an administrator would upload it to the application's registration.
KeyAndCertificate make_client_certificate(const std::string& name);

}  // namespace simulator

// The registered applications: their credentials and what the administrator consented to.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

// A certificate that an application may sign in with, as the portal keeps it.
struct RegisteredCertificate {
  std::string pem;
  std::string sha256_thumbprint;  // base64url, no padding
  std::string sha1_thumbprint;
};

struct Application {
  std::string client_id;
  std::string name;
  std::vector<std::string> secrets;
  std::vector<std::string> expired_secrets;
  std::vector<RegisteredCertificate> certificates;
  std::set<std::string> roles;
  // Mailboxes that a scoped role assignment leaves out.
  std::set<std::string> denied_mailboxes;
};

using Applications = std::map<std::string, Application>;  // by client id

// The smallest sets of graph-api.md section 3.
const std::set<std::string>& backup_roles();
const std::set<std::string>& restore_roles();

// Throws base::Error(usage) unless it is a certificate.
RegisteredCertificate registered_certificate(std::string_view pem);

}  // namespace simulator

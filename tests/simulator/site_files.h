// What a running simulator leaves in a directory, so that clients can be pointed at it.
#pragma once

#include "tests/simulator/certificates.h"

#include <filesystem>
#include <optional>
#include <string>

namespace simulator {

struct Site {
  std::string api = "items";
  std::string login_url;  // the three as clients see them
  std::string graph_url;  // with "/v1.0"
  std::string import_url;
  std::string admin_url;
  std::string tenant_id;
  std::string domain;
  std::optional<std::string> authority_pem;
  std::string backup_secret;
  std::string restore_secret;
  KeyAndCertificate backup_certificate;
  KeyAndCertificate restore_certificate;
};

// Writes endpoints.json, coffer.toml (a fragment: the tenant), certificates, keys and secrets,
// ca.pem with TLS. The directory is created if missing. Throws base::Error(disk).
void write_site(const std::filesystem::path& directory, const Site& site);

}  // namespace simulator

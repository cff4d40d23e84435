// Files that the configuration names.
#pragma once

#include "src/base/secret.h"

#include <filesystem>
#include <string>

namespace appliance {

// A file that a key names: a secret, a certificate. It is read when it is needed, not before.
struct CredentialFile {
  std::filesystem::path path;
  std::string credential;  // the name of a systemd credential, instead of a path
  std::string origin;      // "/etc/coffer/coffer.toml:4: passphrase_file"

  // Where it lies. Error(usage) for a credential when the service manager passed none.
  [[nodiscard]] std::filesystem::path location() const;
  // Error(usage) with the origin, if it is unreadable, open to others, or empty.
  [[nodiscard]] base::Secret read_secret() const;
  // For what anybody may see. Error(usage) with the origin, if it is unreadable or empty.
  [[nodiscard]] std::string read_public() const;
};

}  // namespace appliance

#include "src/daemon/credential_file.h"

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"

#include <cstdlib>

namespace appliance {
namespace {

constexpr std::size_t kLargestFileBytes = std::size_t{1} << 20;

}  // namespace

std::filesystem::path CredentialFile::location() const {
  if (credential.empty()) return path;
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') {
    throw base::Error{
        base::ErrorKind::usage,
        base::text(origin, " names the credential '", credential,
                   "', but the service manager passed none (CREDENTIALS_DIRECTORY is not set)")};
  }
  return std::filesystem::path{directory} / credential;
}

base::Secret CredentialFile::read_secret() const {
  const std::filesystem::path file = location();
  try {
    return base::read_secret_file(file);
  } catch (base::Error& error) {
    error.add_context(origin);
    throw;
  }
}

std::string CredentialFile::read_public() const {
  const std::filesystem::path file = location();
  try {
    const base::Bytes bytes = base::read_file(file, kLargestFileBytes);
    if (!bytes.empty()) return std::string{base::as_text(bytes)};
  } catch (const base::Error& error) {
    throw base::Error{base::ErrorKind::usage, error.message()}.add_context(origin);
  }
  throw base::Error{base::ErrorKind::usage, base::text("'", file.string(), "' is empty")}
      .add_context(origin);
}

}  // namespace appliance

#include "src/cli/new_secret_file.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace cli {

bool is_empty_file(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
}

NewSecretFile::NewSecretFile(std::filesystem::path path, const std::string& option)
    : path_(std::move(path)) {
  if (is_empty_file(path_)) ::unlink(path_.c_str());  // made by a run that was killed
  if (::access(path_.c_str(), F_OK) == 0) {
    throw AdvisedError{
        base::Error{base::ErrorKind::usage, base::text("'", path_.string(), "' is there already")},
        base::text("name a new file with ", option)};
  }
  file_ = base::open_file(path_, O_WRONLY | O_CREAT | O_EXCL, 0600);
}

NewSecretFile::~NewSecretFile() {
  if (!written_) ::unlink(path_.c_str());
}

void NewSecretFile::write(const base::Secret& secret) {
  base::write_all(file_, secret.bytes(), path_);
  sync();
}

void NewSecretFile::write_line(const base::Secret& secret) {
  base::write_all(file_, secret.bytes(), path_);
  base::write_all(file_, base::as_bytes("\n"), path_);
  sync();
}

void NewSecretFile::sync() {
  base::sync_file(file_, path_);
  const auto folder = path_.parent_path();
  base::sync_directory(folder.empty() ? "." : folder);
  written_ = true;
}

}  // namespace cli

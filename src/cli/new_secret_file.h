// A file that a secret is written to: made before the secret is, so that none comes to exist that
// could not be written, and gone again if none came.
#pragma once

#include "src/base/file.h"
#include "src/base/secret.h"

#include <filesystem>
#include <string>

namespace cli {

// Whether there is a file in which nothing stands, as a run leaves it that was killed too early.
bool is_empty_file(const std::filesystem::path& path);

class NewSecretFile {
 public:
  // Mode 0600. Error(usage) if there is something of that name, an empty file excepted; `option`
  // named it.
  NewSecretFile(std::filesystem::path path, const std::string& option);
  ~NewSecretFile();
  NewSecretFile(const NewSecretFile&) = delete;
  NewSecretFile& operator=(const NewSecretFile&) = delete;

  // Durable when it returns; if it throws, there will be no file.
  void write(const base::Secret& secret);
  // The same with a line end, for people.
  void write_line(const base::Secret& secret);

 private:
  void sync();

  std::filesystem::path path_;
  base::FileHandle file_;
  bool written_ = false;
};

}  // namespace cli

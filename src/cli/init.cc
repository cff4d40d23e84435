#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/daemon/appliance.h"

#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace cli {
namespace {

// The file for the recovery key: made before the store, so that a store never exists whose key
// could not be written, and gone again if there is to be no store.
class RecoveryKeyFile {
 public:
  explicit RecoveryKeyFile(std::filesystem::path path) : path_(std::move(path)) {
    if (::access(path_.c_str(), F_OK) == 0) {
      throw AdvisedError{base::Error{base::ErrorKind::usage,
                                     base::text("'", path_.string(), "' is there already")},
                         "name a new file with --recovery-key-file"};
    }
    file_ = base::open_file(path_, O_WRONLY | O_CREAT | O_EXCL, 0600);
  }
  ~RecoveryKeyFile() {
    if (!written_) ::unlink(path_.c_str());
  }
  RecoveryKeyFile(const RecoveryKeyFile&) = delete;
  RecoveryKeyFile& operator=(const RecoveryKeyFile&) = delete;

  void write(const base::Secret& key) {
    // From here on a cut file is better than none.
    written_ = true;
    base::write_all(file_, key.bytes(), path_);
    base::write_all(file_, base::as_bytes("\n"), path_);
    base::sync_file(file_, path_);
    const auto folder = path_.parent_path();
    base::sync_directory(folder.empty() ? "." : folder);
  }

 private:
  std::filesystem::path path_;
  base::FileHandle file_;
  bool written_ = false;
};

void tell(Output& output, const appliance::StoreSettings& store, const base::Secret& key,
          const InitOptions& options) {
  output.remark(base::text("Created the store ", store.directory.string()));
  output.remark(base::text("Its index is    ", store.index.string()));
  if (options.recovery_key_file) {
    output.remark(base::text("Recovery key    ", options.recovery_key_file->string()));
    output.remark(
        "Keep that file away from this machine: it opens the store without the passphrase.");
    return;
  }
  output.remark("");
  output.remark("Recovery key, shown this once:");
  output.remark("");
  output.line(key.text());
  output.remark("");
  output.remark(
      "Write it down and keep it away from this machine: without the passphrase and without");
  output.remark("this key nobody can read the store, and nobody can bring the key back.");
}

}  // namespace

jobs::ExitStatus run(const Context& context, const InitOptions& options) {
  const appliance::StoreSettings store = context.configuration().store;
  std::optional<RecoveryKeyFile> file;
  if (options.recovery_key_file) file.emplace(*options.recovery_key_file);
  const base::Secret key = appliance::create_store(store, context.clock);
  if (file) file->write(key);
  tell(context.output, store, key, options);
  context.output.record(
      jobs::Record{{"type", "summary"},
                   {"command", "init"},
                   {"status", "complete"},
                   {"store", store.directory.string()},
                   {"index", store.index.string()},
                   {"recovery_key", file ? jobs::Value{} : jobs::Value{key.text()}},
                   {"recovery_key_file",
                    file ? jobs::Value{options.recovery_key_file->string()} : jobs::Value{}}});
  return jobs::ExitStatus::done;
}

}  // namespace cli

#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/new_secret_file.h"
#include "src/daemon/appliance.h"

#include <optional>

namespace cli {
namespace {

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
  std::optional<NewSecretFile> file;  // before the store, whose key would otherwise be lost
  if (options.recovery_key_file) {
    file.emplace(*options.recovery_key_file, "--recovery-key-file");
  }
  const base::Secret key = appliance::create_store(store, context.clock);
  if (file) file->write_line(key);
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

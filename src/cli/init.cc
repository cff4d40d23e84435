#include "src/base/log.h"
#include "src/base/text.h"
#include "src/cli/audited_command.h"
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

jobs::Record summary_of(const appliance::StoreSettings& store, const base::Secret& key,
                        const InitOptions& options) {
  const auto& file = options.recovery_key_file;
  return jobs::Record{{"type", "summary"},
                      {"command", "init"},
                      {"status", "complete"},
                      {"store", store.directory.string()},
                      {"index", store.index.string()},
                      {"recovery_key", file ? jobs::Value{} : jobs::Value{key.text()}},
                      {"recovery_key_file", file ? jobs::Value{file->string()} : jobs::Value{}}};
}

// Also what a run is told that comes after one that was killed when the store had just been made.
void refuse_second(const appliance::StoreSettings& store) {
  if (!appliance::has_store(store)) return;
  throw AdvisedError{
      base::Error{base::ErrorKind::usage,
                  base::text("there is a store at '", store.directory.string(), "' already")},
      "its passphrase opens it as it is; `coffer key recovery` makes a new recovery key if the "
      "first one was not kept"};
}

// The first entry of the audit log. A store without it is one all the same.
void write_down(const Context& context, const appliance::StoreSettings& store) {
  try {
    appliance::OpenKeys keys{store};
    write_down(context, keys.keys().journals(), "init", "complete", "",
               {{"store", store.directory.string()}});
  } catch (const base::Error& error) {
    base::log(base::LogLevel::warning, "the audit log does not tell of 'init': ", error.what());
  }
}

}  // namespace

jobs::ExitStatus run(const Context& context, const InitOptions& options) {
  const appliance::StoreSettings store = context.configuration().store;
  refuse_second(store);
  std::optional<NewSecretFile> file;  // before the store, whose key would otherwise be lost
  if (options.recovery_key_file) {
    file.emplace(*options.recovery_key_file, "--recovery-key-file");
  }
  const base::Secret key = appliance::create_store(store, context.clock);
  try {
    if (file) file->write_line(key);
    tell(context.output, store, key, options);
    context.output.record(summary_of(store, key, options));
    context.output.finish();
  } catch (base::Error& error) {
    error.add_context("the store is made, but its recovery key may have reached nobody");
    throw AdvisedError{error, "`coffer key recovery` makes a new recovery key"};
  }
  write_down(context, store);  // nothing may come between the key and who keeps it
  return jobs::ExitStatus::done;
}

}  // namespace cli

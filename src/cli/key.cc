#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "src/cli/audited_command.h"
#include "src/cli/commands.h"
#include "src/cli/new_secret_file.h"
#include "src/cli/table.h"
#include "src/daemon/appliance.h"
#include "store/key_management.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cli {
namespace {

constexpr std::size_t kNewKeyFileBytes = 64;

std::string_view name_of(store::KeySlot::Copy copy) {
  switch (copy) {
    case store::KeySlot::Copy::whole:
      return "whole";
    case store::KeySlot::Copy::damaged:
      return "damaged";
    case store::KeySlot::Copy::missing:
      return "missing";
  }
  return "damaged";
}

std::string_view words_for(const store::KeySlot& slot) {
  if (!slot.kind) return "unknown";
  switch (*slot.kind) {
    case store::SlotKind::passphrase:
      return "passphrase";
    case store::SlotKind::recovery_key:
      return "recovery key";
    case store::SlotKind::key_file:
      return "key file";
  }
  return "unknown";
}

template <typename Number>
jobs::Value cost_of(const store::KeySlot& slot, Number store::KdfCost::*part) {
  if (!slot.cost) return {};
  return (*slot.cost).*part;
}

jobs::Record slot_record(const store::KeySlot& slot) {
  jobs::Value::List copies;
  for (const store::KeySlot::Copy copy : slot.copies) copies.push_back(name_of(copy));
  return jobs::Record{{"type", "key_slot"},
                      {"id", slot.id},
                      {"kind", slot.kind ? jobs::Value{store::name(*slot.kind)} : jobs::Value{}},
                      {"in_use", slot.in_use},
                      {"copies", copies},
                      {"kdf_memory_bytes", cost_of(slot, &store::KdfCost::memory_bytes)},
                      {"kdf_passes", cost_of(slot, &store::KdfCost::passes)},
                      {"problem", jobs::text_or_null(slot.problem)}};
}

// "3 whole", "whole, damaged, missing".
std::string told_copies(const store::KeySlot& slot) {
  const auto is_whole = [](store::KeySlot::Copy copy) {
    return copy == store::KeySlot::Copy::whole;
  };
  if (std::ranges::all_of(slot.copies, is_whole)) return "3 whole";
  std::vector<std::string> names;
  for (const store::KeySlot::Copy copy : slot.copies) names.emplace_back(name_of(copy));
  return base::enumerated(names);
}

void tell(Output& output, const store::KeyState& state) {
  Table table{{{"Slot"}, {"Kind"}, {"In use"}, {"Copies"}, {"Derivation"}}};
  for (const store::KeySlot& slot : state.slots) {
    table.add({slot.id, std::string{words_for(slot)}, slot.in_use ? "yes" : "", told_copies(slot),
               slot.cost ? base::text(base::human_bytes(slot.cost->memory_bytes), ", ",
                                      counted(slot.cost->passes, "pass"))
                         : ""});
  }
  for (const std::string& line : table.lines(output.columns())) output.line(line);
  for (const store::KeySlot& slot : state.slots) {
    if (!slot.problem.empty()) output.line(base::text(slot.id, ": ", slot.problem));
  }
  output.remark(base::text(counted(state.slots.size(), "key slot"),
                           "; new packs use key generation ", state.generation));
}

jobs::Record summary_of(std::string_view command) {
  return jobs::Record{{"type", "summary"}, {"command", command}, {"status", "complete"}};
}

AuditedCommand begin(const Context& context, appliance::OpenKeys& store, std::string_view action,
                     const jobs::Record& what) {
  return {context, store.keys().journals(), action, AuditedCommand::Entry::required, "", what};
}

jobs::ExitStatus conclude(const Context& context, AuditedCommand& audited,
                          const jobs::Record& summary) {
  audited.end(jobs::ExitStatus::done, summary);
  context.output.record(summary);
  return jobs::ExitStatus::done;
}

// What the file holds now, just as opening the store will read it.
base::Secret make_key_file(const std::filesystem::path& path) {
  {
    NewSecretFile file{path, "--key-file"};
    file.write(base::Secret::filled(kNewKeyFileBytes, base::fill_random));
  }
  return base::read_secret_file(path);
}

// Brings a new recovery key to whoever asked for it, and returns when it has left this process.
void deliver(Output& output, const base::Secret& key, std::optional<NewSecretFile>& file,
             const std::optional<std::filesystem::path>& path) {
  if (file) {
    file->write_line(key);
    output.remark(base::text("Recovery key    ", path->string()));
    output.remark(
        "Keep that file away from this machine: it opens the store without the passphrase.");
    return;
  }
  output.remark("New recovery key, shown this once:");
  output.remark("");
  output.line(key.text());
  output.remark("");
  output.remark(
      "Write it down and keep it away from this machine; the old one opens nothing any "
      "more.");
  output.record(jobs::Record{{"type", "recovery_key"}, {"recovery_key", key.text()}});
  output.finish();
}

}  // namespace

jobs::ExitStatus run(const Context& context, const KeyListOptions&) {
  const store::KeyState state = appliance::read_key_state(context.configuration().store);
  for (const store::KeySlot& slot : state.slots) context.output.record(slot_record(slot));
  if (!context.output.json()) tell(context.output, state);
  context.output.record(
      summary_of("key list").set("slots", state.slots.size()).set("generation", state.generation));
  return jobs::ExitStatus::done;
}

jobs::ExitStatus run(const Context& context, const KeyAddOptions& options) {
  appliance::OpenKeys store{context.configuration().store};
  const auto& path = options.passphrase_file ? *options.passphrase_file : *options.key_file;
  AuditedCommand audited = begin(context, store, "key add", {{"file", path.string()}});
  std::string id;
  bool created = false;
  if (options.passphrase_file) {
    id = store.keys().add_passphrase(base::read_secret_file(*options.passphrase_file));
    context.output.remark(
        base::text("Added the passphrase of ", options.passphrase_file->string(), " as slot ", id));
  } else {
    created = !std::filesystem::exists(std::filesystem::symlink_status(*options.key_file)) ||
              is_empty_file(*options.key_file);
    const base::Secret content =
        created ? make_key_file(*options.key_file) : base::read_secret_file(*options.key_file);
    if (created) {
      context.output.remark(base::text("Made the key file ", options.key_file->string(), " of ",
                                       kNewKeyFileBytes, " random bytes, readable by you only"));
    }
    id = store.keys().add_key_file(content);
    context.output.remark(base::text("Added the key file ", options.key_file->string(), " as slot ",
                                     id, ": 'passphrase_file' in [store] may name it from now on"));
  }
  return conclude(context, audited,
                  summary_of("key add")
                      .set("slot", id)
                      .set("kind", store::name(options.passphrase_file ? store::SlotKind::passphrase
                                                                       : store::SlotKind::key_file))
                      .set("key_file_created", created));
}

jobs::ExitStatus run(const Context& context, const KeyRemoveOptions& options) {
  appliance::OpenKeys store{context.configuration().store};
  AuditedCommand audited =
      begin(context, store, "key remove", {{"slot", options.slot}, {"forced", options.force}});
  try {
    store.keys().remove(options.slot, options.force ? store::KeyManagement::Removal::forced
                                                    : store::KeyManagement::Removal::careful);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::not_found) {
      throw AdvisedError{error, "`coffer key list` lists the key slots"};
    }
    if (error.kind() != base::ErrorKind::usage) throw;
    throw AdvisedError{error,
                       "`coffer key add` adds a key, `coffer key recovery` replaces the recovery "
                       "key, `coffer key remove --force` removes any key but the only one"};
  }
  context.output.remark(base::text("Removed key slot ", options.slot));
  return conclude(context, audited, summary_of("key remove").set("slot", options.slot));
}

jobs::ExitStatus run(const Context& context, const KeyRotateOptions&) {
  appliance::OpenKeys store{context.configuration().store};
  AuditedCommand audited = begin(context, store, "key rotate", {});
  const std::uint32_t generation = store.keys().rotate();
  context.output.remark(base::text("New packs use key generation ", generation,
                                   "; those that are there stay readable with the same keys"));
  return conclude(context, audited, summary_of("key rotate").set("generation", generation));
}

jobs::ExitStatus run(const Context& context, const KeyRecoveryOptions& options) {
  appliance::OpenKeys store{context.configuration().store};
  std::optional<NewSecretFile> file;
  if (options.recovery_key_file) {
    file.emplace(*options.recovery_key_file, "--recovery-key-file");
  }
  AuditedCommand audited = begin(context, store, "key recovery", {});
  const auto replacement = store.keys().replace_recovery_key([&](const base::Secret& key) {
    deliver(context.output, key, file, options.recovery_key_file);
  });
  jobs::Value::List removed;
  for (const std::string& id : replacement.removed) removed.push_back(id);
  return conclude(
      context, audited,
      summary_of("key recovery")
          .set("slot", replacement.id)
          .set("removed", removed)
          .set("recovery_key_file",
               file ? jobs::Value{options.recovery_key_file->string()} : jobs::Value{}));
}

}  // namespace cli

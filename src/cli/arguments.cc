#include "src/cli/arguments.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/command_sense.h"
#include "src/daemon/table_reader.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <system_error>
#include <utility>

namespace cli {
namespace {

constexpr const char* kVersion = "coffer " COFFER_VERSION;

// Each costs the walk to it; who wants all verifies the store.
constexpr std::uint64_t kMostDrilled = 1'000'000;

// One command: its words for the parser and what it fills in.
struct Words {
  CLI::App* app;
  Command options;
};

[[noreturn]] void fail(const std::string& message) {
  throw base::Error{base::ErrorKind::usage, message};
}

// Repeatable, one value each time: what follows the value is not swallowed.
CLI::Option* add_repeatable(CLI::App& app, const std::string& name,
                            std::vector<std::string>& values, const std::string& description) {
  return app.add_option(name, values, description)->allow_extra_args(false);
}

template <typename Choice>
void add_choice(CLI::App& app, const std::string& name, Choice& choice,
                std::vector<std::pair<std::string, Choice>> choices,
                const std::string& description) {
  const auto take = [name, &choice, choices = std::move(choices)](const std::string& text) {
    std::vector<std::string> names;
    for (const auto& [known, value] : choices) {
      names.push_back(known);
      if (known != text) continue;
      choice = value;
      return;
    }
    const auto near = base::nearest(text, names);
    throw base::Error{
        base::ErrorKind::usage,
        base::text(name, " takes ", base::enumerated(names), ", not '", text, "'",
                   near ? base::text("; did you mean '", *near, "'?") : std::string{})};
  };
  app.add_option_function<std::string>(name, take, description);
}

template <typename Value>
void add_parsed(CLI::App& app, const std::string& name, Value& value,
                std::optional<Value> (*parse)(std::string_view), const std::string& form,
                const std::string& description) {
  const auto take = [name, &value, parse, form](const std::string& text) {
    const std::optional<Value> parsed = parse(text);
    if (!parsed || *parsed == Value{}) {
      throw base::Error{base::ErrorKind::usage,
                        base::text(name, " takes ", form, ", not '", text, "'")};
    }
    value = *parsed;
  };
  app.add_option_function<std::string>(name, take, description);
}

constexpr const char* kAt =
    "RFC 3339, YYYY-MM-DD[ HH:MM] (UTC), latest, or a snapshot id: the newest complete restore "
    "point at or before it";

void add_mailbox(CLI::App& app, std::string& mailbox) {
  app.add_option("mailbox", mailbox, "Address or mailbox id, present or past")->required();
}

void add_restore_point(CLI::App& app, std::string& mailbox, std::string& at) {
  add_mailbox(app, mailbox);
  app.add_option("--at", at, base::text(kAt, " (default: latest)"));
}

void add_selection(CLI::App& app, std::vector<std::string>& folders,
                   std::vector<std::string>& items) {
  add_repeatable(app, "--folder", folders, "Only this folder and all below it (repeatable)");
  add_repeatable(app, "--item", items, "Only this item, by its id (repeatable)");
}

// Of commands that have none.
template <typename Options>
void describe(CLI::App&, Options&) {}

void describe(CLI::App& app, InitOptions& options) {
  app.add_option("--recovery-key-file", options.recovery_key_file,
                 "Write the recovery key to this new file instead of printing it");
}

void describe(CLI::App& app, DoctorOptions& options) {
  app.add_option("--round-trip", options.round_trip,
                 "Also export some items of this mailbox, import them into a folder made for it, "
                 "export them again, compare, and remove the folder");
}

void describe(CLI::App& app, BackupOptions& options) {
  app.add_option("mailbox", options.mailboxes,
                 "Only these mailboxes (default: what the policies select)");
  app.add_option("--policy", options.policy, "Only the mailboxes of this policy");
  app.add_flag("--full", options.full, "List everything again instead of asking for changes");
}

void describe(CLI::App& app, SnapshotsOptions& options) {
  app.add_option("mailbox", options.mailbox, "Only of this mailbox");
}

void describe(CLI::App& app, LsOptions& options) {
  add_restore_point(app, options.mailbox, options.at);
  app.add_option("--folder", options.folder, "Only this folder (default: the whole mailbox)");
  app.add_flag("--recursive", options.recursive, "With --folder: also what is below it");
}

void describe(CLI::App& app, FindOptions& options) {
  app.add_option("--mailbox", options.mailbox, "Only in this mailbox (default: all)");
  app.add_option("--at", options.at, "In the restore points of that time (default: latest)");
  app.add_option("--subject", options.subject, "A part of the subject");
  app.add_option("--from", options.from, "A part of the sender's name or address");
  app.add_option("--after", options.after, "Received at or after this time or date");
  app.add_option("--before", options.before, "Received at or before this time or date");
  app.add_option("--type", options.type,
                 "Item class (IPM.Note), its subclasses included, or a glob");
}

void describe(CLI::App& app, DiffOptions& options) {
  add_mailbox(app, options.mailbox);
  app.add_option("--from", options.from, kAt)->required();
  app.add_option("--to", options.to,
                 "The same, for the restore point to compare it with; may be the older of the two "
                 "(default: latest)");
}

void describe(CLI::App& app, RestoreOptions& options) {
  add_restore_point(app, options.mailbox, options.at);
  add_selection(app, options.folders, options.items);
  app.add_option("--to", options.to, "Restore into this mailbox (default: where it came from)");
  auto* into =
      app.add_option("--into", options.into,
                     "Restore below this folder, made if missing (default: \"Restored <time>\")");
  app.add_flag("--in-place", options.in_place, "Restore into the folders the items came from")
      ->excludes(into);
  add_choice(app, "--on-conflict", options.on_conflict,
             {{"skip", restore::OnConflict::skip},
              {"copy", restore::OnConflict::copy},
              {"replace", restore::OnConflict::replace}},
             "Items that lie in the target: skip unchanged ones, copy beside, or replace by the "
             "old version "
             "(default: skip)");
  app.add_flag("--dry-run", options.dry_run, "Only tell what would be done");
  app.add_option("--reason", options.reason, "Why; kept with the report");
}

void describe(CLI::App& app, ExtractOptions& options) {
  add_restore_point(app, options.mailbox, options.at);
  add_selection(app, options.folders, options.items);
  app.add_option("--output", options.output,
                 "A new or empty directory for the streams and manifest.json")
      ->required();
}

void describe(CLI::App& app, CheckOptions& options) {
  add_choice(
      app, "--level", options.level,
      {{"structure", store::CheckLevel::structure},
       {"scrub", store::CheckLevel::scrub},
       {"full", store::CheckLevel::full}},
      "structure: log, trees, tables of contents; scrub: every byte against its pack's name and "
      "parity, without a key; full: structure, and every chunk opened (default: structure)");
  app.add_flag(
      "--repair", options.repair,
      "Make whole what can be: from parity, from what is intact, from other packs; damaged "
      "bytes are set aside, and what is lost is exported again by the next backup");
  add_parsed(app, "--rate", options.scrub.bytes_per_second, &appliance::parse_size,
             "a size per second in KiB, MiB or GiB, such as 50MiB",
             "With --level scrub: read no faster than this a second (50MiB)");
  add_parsed(app, "--limit-time", options.scrub.time_limit, &appliance::parse_duration,
             "a duration in s, m, h or d, such as 30m",
             "With --level scrub: stop after this long; the next scrub goes on from there (30m)");
}

// A whole number without a sign, up to `Most`.
template <typename Number, Number Most>
std::optional<Number> parse_count(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stopped != end || number > Most) return std::nullopt;
  return number;
}

void describe(CLI::App& app, DrillOptions& options) {
  add_parsed(app, "--items", options.items, &parse_count<std::uint64_t, kMostDrilled>,
             "a number from 1 to 1000000",
             "How many items, mailboxes taking turns; all if there are fewer (default: 20)");
  add_parsed(app, "--seed", options.seed,
             &parse_count<std::uint32_t, std::numeric_limits<std::uint32_t>::max()>,
             "a number from 1 to 4294967295",
             "Choose the items that an earlier drill with this seed chose (default: by chance)");
}

void describe(CLI::App& app, ForgetOptions& options) {
  app.add_option("--policy", options.policy, "Only by the retention of this policy");
  add_repeatable(app, "--snapshot", options.snapshots,
                 "This restore point, whatever the policies say (repeatable)");
  app.add_option("--mailbox", options.mailbox, "Every restore point of this mailbox");
  add_repeatable(app, "--undo", options.undo,
                 "Bring this forgotten restore point back (repeatable)");
  app.add_flag("--list", options.list, "List what can be brought back");
  app.add_flag("--dry-run", options.dry_run, "Only tell what would be done, and why");
  app.add_flag("--confirm", options.confirm, "Agree where much would go at once");
  app.add_option("--reason", options.reason, "Why; kept with what is forgotten by name");
}

void describe(CLI::App& app, HoldAddOptions& options) {
  app.add_option("subject", options.subject, "A mailbox, or the id of a restore point")->required();
  app.add_option("--reason", options.reason, "Why; kept with the hold");
}

void describe(CLI::App& app, HoldRemoveOptions& options) {
  app.add_option("hold", options.id, "Id of the hold, as `coffer hold list` tells it")->required();
  app.add_option("--reason", options.reason, "Why; kept in the commit log");
}

void describe(CLI::App& app, PruneOptions& options) {
  app.add_flag("--dry-run", options.prune.dry_run, "Only tell what would be done");
  app.add_flag("--delete-only", options.prune.delete_only,
               "Write no pack, and empty the trash at once: for a full disk");
}

void describe(CLI::App& app, CopyOptions& options) {
  app.add_option("--to", options.to,
                 "The directory of the second store; made if there is nothing. The same keys open "
                 "it; its retention is its own")
      ->required();
}

void describe(CLI::App& app, AuditOptions& options) {
  app.add_option("--since", options.since, "Only what was done since then: YYYY-MM-DD[ HH:MM]");
  app.add_flag("--verify", options.verify,
               "Prove that nothing was changed or taken out, instead of listing it")
      ->excludes("--since");
}

void describe(CLI::App& app, KeyAddOptions& options) {
  auto* passphrase =
      app.add_option("--passphrase-file", options.passphrase_file,
                     "A file that holds the new passphrase, readable by its owner only");
  app.add_option("--key-file", options.key_file,
                 "A file of random bytes, for starting unattended; made if it is not there")
      ->excludes(passphrase);
  app.callback([&options] {
    if (options.passphrase_file || options.key_file) return;
    fail("'key add' needs --passphrase-file PATH or --key-file PATH");
  });
}

void describe(CLI::App& app, KeyRemoveOptions& options) {
  app.add_option("slot", options.slot, "Id of the key slot, as `coffer key list` tells it")
      ->required();
  app.add_flag("--force", options.force,
               "Also the key in use, and the last recovery key; never the only key");
}

void describe(CLI::App& app, KeyRecoveryOptions& options) {
  app.add_option("--recovery-key-file", options.recovery_key_file,
                 "Write the recovery key to this new file instead of printing it");
}

void describe(CLI::App& app, JobsShowOptions& options) {
  app.add_option("job", options.id, "Id of the job, or its unique beginning")->required();
}

void describe(CLI::App& app, JobsCancelOptions& options) {
  app.add_option("job", options.id, "Id of the job, or its unique beginning")->required();
}

void describe(CLI::App& app, AccountAddOptions& options) {
  app.add_option("name", options.name, "Letters, digits and . _ -")->required();
  app.add_option("--role", options.role, "viewer, operator or admin")->required();
  app.add_option("--password-file", options.password_file,
                 "A file that holds the password, readable by its owner only (default: asked for)");
}

void describe(CLI::App& app, AccountRemoveOptions& options) {
  app.add_option("name", options.name, "Of the account")->required();
}

template <typename Options>
void add_command(CLI::App& app, std::vector<std::unique_ptr<Words>>& all, const std::string& name,
                 const std::string& description) {
  CLI::App* command = app.add_subcommand(name, description);
  command->fallthrough();  // global options behind the command
  all.push_back(std::make_unique<Words>(Words{command, Options{}}));
  describe(*command, std::get<Options>(all.back()->options));
}

std::vector<std::unique_ptr<Words>> add_commands(CLI::App& app) {
  std::vector<std::unique_ptr<Words>> all;
  add_command<InitOptions>(app, all, "init", "Create the store and tell its recovery key once");
  add_command<DoctorOptions>(app, all, "doctor",
                             "Check that everything is ready, and say what to do");
  add_command<MailboxesOptions>(app, all, "mailboxes", "List every mailbox: protected, or why not");
  add_command<BackupOptions>(app, all, "backup", "Back up now");
  add_command<SnapshotsOptions>(app, all, "snapshots", "List restore points");
  add_command<LsOptions>(app, all, "ls", "List folders and items of a restore point");
  add_command<FindOptions>(app, all, "find", "Search items by subject, sender, date and type");
  add_command<DiffOptions>(app, all, "diff", "Tell what changed between two restore points");
  add_command<RestoreOptions>(app, all, "restore", "Restore items, folders or a mailbox");
  add_command<ExtractOptions>(app, all, "extract", "Write the exact streams and manifest.json");
  add_command<CheckOptions>(app, all, "check", "Verify the store");
  add_command<DrillOptions>(app, all, "drill",
                            "Restore random items up to the request, and compare");
  add_command<ForgetOptions>(app, all, "forget",
                             "Let restore points go, by the policies or by name");
  CLI::App* hold = app.add_subcommand("hold", "Legal holds on mailboxes and restore points");
  hold->fallthrough()->require_subcommand(1);
  add_command<HoldAddOptions>(*hold, all, "add", "Keep a mailbox or a restore point");
  add_command<HoldRemoveOptions>(*hold, all, "remove", "End a hold");
  add_command<HoldListOptions>(*hold, all, "list", "List the holds");
  add_command<PruneOptions>(app, all, "prune", "Free the space of what was forgotten");
  add_command<RebuildIndexOptions>(app, all, "rebuild-index", "Make the index anew from the store");
  add_command<CopyOptions>(app, all, "copy", "Copy new restore points to a second store");
  add_command<StatsOptions>(app, all, "stats", "Sizes, dedup and compression factors");
  add_command<AuditOptions>(app, all, "audit", "Who did what, when and why; whether that is whole");
  add_command<ServeOptions>(app, all, "serve", "Run the daemon: schedules, upkeep, web pages");
  add_command<ScheduleOptions>(app, all, "schedule", "Next runs, windows and last results");
  CLI::App* jobs = app.add_subcommand("jobs", "Running and past jobs of the daemon");
  jobs->fallthrough()->require_subcommand(0, 1);
  add_command<JobsListOptions>(*jobs, all, "list", "List jobs, the newest first");
  add_command<JobsShowOptions>(*jobs, all, "show", "Tell all that a job told");
  add_command<JobsCancelOptions>(*jobs, all, "cancel", "Stop a job at its next safe point");
  CLI::App* account = app.add_subcommand("account", "Who may use the web pages");
  account->fallthrough()->require_subcommand(1);
  add_command<AccountAddOptions>(*account, all, "add", "Add an account");
  add_command<AccountListOptions>(*account, all, "list", "List the accounts");
  add_command<AccountRemoveOptions>(*account, all, "remove", "Remove an account");
  CLI::App* alert = app.add_subcommand("alert", "Alerts by webhook and mail");
  alert->fallthrough()->require_subcommand(1);
  add_command<AlertTestOptions>(*alert, all, "test", "Send a test alert to every receiver");
  CLI::App* key = app.add_subcommand("key", "Passphrases, key files and the recovery key");
  key->fallthrough()->require_subcommand(1);
  add_command<KeyListOptions>(*key, all, "list", "List the key slots, and which of them is in use");
  add_command<KeyAddOptions>(*key, all, "add", "Add a passphrase or a key file");
  add_command<KeyRemoveOptions>(*key, all, "remove", "Shut out the key of a slot");
  add_command<KeyRotateOptions>(*key, all, "rotate", "Give new packs a new generation of keys");
  add_command<KeyRecoveryOptions>(*key, all, "recovery",
                                  "Replace the recovery key, and tell the new one once");
  return all;
}

void add_global_options(CLI::App& app, GlobalOptions& global) {
  app.add_option("--config", global.config,
                 "Configuration file (default: $COFFER_CONFIG, else /etc/coffer/coffer.toml)");
  app.add_flag("--json", global.json, "One JSON object a line on standard output");
  app.add_flag("--quiet", global.quiet, "Nothing but results and errors");
  app.add_flag("--verbose", global.verbose, "Tell more");
  app.add_flag("--no-progress", global.no_progress, "No progress bar");
  app.set_version_flag("--version", kVersion);
  app.footer(exit_statuses());
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string suggestion(const std::string& unknown, const std::vector<std::string>& known) {
  const auto near = base::nearest(unknown, known);
  return near ? base::text("; did you mean '", *near, "'?") : std::string{};
}

// The commands that were named, from the program down: "key", "key add".
std::vector<const CLI::App*> named_commands(const CLI::App& app) {
  std::vector<const CLI::App*> named{&app};
  while (true) {
    const auto below = named.back()->get_subcommands();
    if (below.empty()) return named;
    named.push_back(below.front());
  }
}

// "key add": without the program.
std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  if (parent == nullptr || parent->get_parent() == nullptr) return command.get_name();
  return base::text(full_name(*parent), " ", command.get_name());
}

std::vector<std::string> commands_below(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* each : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(each->get_name());
  }
  return names;
}

// Complains about a command that is named by one word of two.
void check_half_named(const CLI::App& app) {
  const CLI::App& last = *named_commands(app).back();
  const std::vector<std::string> below = commands_below(last);
  if (&last == &app || below.empty()) return;
  fail(base::text("'", full_name(last), "' takes ", base::enumerated(below)));
}

// Complains about the first word that nothing takes.
void check_left_over(const CLI::App& app) {
  const std::vector<std::string> left_over = app.remaining(true);
  if (left_over.empty()) return;
  const auto named = named_commands(app);
  const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
  const auto option = std::find_if(left_over.begin(), left_over.end(), is_option);
  if (option != left_over.end()) {
    std::vector<std::string> known;
    for (const CLI::App* command : named) {
      const auto own = option_names(*command);
      known.insert(known.end(), own.begin(), own.end());
    }
    const std::string name = option->substr(0, option->find('='));
    fail(base::text("unknown option '", name, "'", suggestion(name, known)));
  }
  const std::vector<std::string> known = commands_below(*named.back());
  if (known.empty()) {
    fail(base::text("'", full_name(*named.back()), "' does not take '", left_over.front(), "'"));
  }
  const std::string before = named.size() > 1 ? full_name(*named.back()) + " " : std::string{};
  fail(base::text("unknown command '", before, left_over.front(), "'",
                  suggestion(left_over.front(), known)));
}

}  // namespace

std::variant<Arguments, Information> parse_arguments(int argument_count,
                                                     const char* const* arguments) {
  CLI::App app{"Backs up Exchange Online mailboxes, and brings them back.", "coffer"};
  Arguments parsed;
  add_global_options(app, parsed.global);
  const auto commands = add_commands(app);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::CallForVersion& version) {
    return Information{base::text(version.what(), "\n")};
  } catch (const CLI::CallForHelp&) {
    // CLI11 gives the help of the command that was named.
    return Information{app.help()};
  } catch (const CLI::ParseError& error) {
    check_left_over(app);
    check_half_named(app);
    fail(error.what());
  }
  for (const auto& words : commands) {
    if (!words->app->parsed()) continue;
    parsed.command_name = full_name(*words->app);
    parsed.command = std::move(words->options);
    require_sense(parsed.command);
    return parsed;
  }
  if (!app.got_subcommand("jobs")) fail("no command is given");
  parsed.command_name = "jobs list";  // what is asked for, as a rule
  parsed.command = JobsListOptions{};
  return parsed;
}

bool asks_for_json(int argument_count, const char* const* arguments) {
  const std::span words{arguments, static_cast<std::size_t>(argument_count)};
  return std::any_of(words.begin(), words.end(),
                     [](std::string_view word) { return word == "--json"; });
}

std::string command_asked_for(int argument_count, const char* const* arguments) {
  const std::span words{arguments, static_cast<std::size_t>(argument_count)};
  CLI::App app;
  for (const auto& command : add_commands(app)) {
    std::string name = full_name(*command->app);
    const auto parts = base::split(name, ' ');
    if (std::search(words.begin(), words.end(), parts.begin(), parts.end()) != words.end()) {
      return name;
    }
  }
  return {};
}

}  // namespace cli

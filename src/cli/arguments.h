// The command line, taken apart: which command, with what.
#pragma once

#include "src/restore/restore_run.h"
#include "store/repository.h"
#include "store/scrub.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cli {

// Accepted before and after the command.
struct GlobalOptions {
  std::optional<std::filesystem::path> config;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool no_progress = false;
};

struct InitOptions {
  std::optional<std::filesystem::path> recovery_key_file;
};

struct DoctorOptions {
  std::optional<std::string> round_trip;  // a mailbox
};

struct MailboxesOptions {};

struct BackupOptions {
  std::vector<std::string> mailboxes;
  std::optional<std::string> policy;
  bool full = false;
};

struct SnapshotsOptions {
  std::optional<std::string> mailbox;
};

struct LsOptions {
  std::string mailbox;
  std::string at = "latest";
  std::optional<std::string> folder;
  bool recursive = false;
};

struct FindOptions {
  std::optional<std::string> mailbox;
  std::string at = "latest";
  std::string subject;
  std::string from;
  std::optional<std::string> after;
  std::optional<std::string> before;
  std::string type;
};

struct DiffOptions {
  std::string mailbox;
  std::string from;
  std::string to = "latest";
};

struct RestoreOptions {
  std::string mailbox;
  std::string at = "latest";
  std::vector<std::string> folders;
  std::vector<std::string> items;
  std::optional<std::string> to;
  std::optional<std::string> into;
  bool in_place = false;
  restore::OnConflict on_conflict = restore::OnConflict::skip;
  bool dry_run = false;
  std::string reason;
};

struct ExtractOptions {
  std::string mailbox;
  std::string at = "latest";
  std::vector<std::string> folders;
  std::vector<std::string> items;
  std::filesystem::path output;
};

struct CheckOptions {
  store::CheckLevel level = store::CheckLevel::structure;
  store::ScrubSettings scrub;
  bool repair = false;
};

struct DrillOptions {
  std::uint64_t items = 20;
  std::uint32_t seed = 0;  // 0: left to chance
};

// Without any of the first four: what the retention of the policies says.
struct ForgetOptions {
  std::vector<std::string> snapshots;
  std::optional<std::string> mailbox;
  std::vector<std::string> undo;
  bool list = false;
  std::optional<std::string> policy;
  bool dry_run = false;
  bool confirm = false;
  std::string reason;
};

struct HoldAddOptions {
  std::string subject;
  std::string reason;
};

struct HoldRemoveOptions {
  std::string id;
  std::string reason;
};

struct HoldListOptions {};

struct PruneOptions {
  store::PruneOptions prune;
};

struct RebuildIndexOptions {};

struct CopyOptions {
  std::string to;
};

struct StatsOptions {};

struct AuditOptions {
  std::optional<std::string> since;
  bool verify = false;
};

struct AlertTestOptions {};

struct KeyListOptions {};

struct KeyAddOptions {
  std::optional<std::filesystem::path> passphrase_file;  // exactly one of the two
  std::optional<std::filesystem::path> key_file;
};

struct KeyRemoveOptions {
  std::string slot;
  bool force = false;
};

struct KeyRotateOptions {};

struct KeyRecoveryOptions {
  std::optional<std::filesystem::path> recovery_key_file;
};

struct ServeOptions {};

struct ScheduleOptions {};

struct JobsListOptions {};

struct JobsShowOptions {
  std::string id;
};

struct JobsCancelOptions {
  std::string id;
};

struct AccountAddOptions {
  std::string name;
  std::string role;
  std::optional<std::filesystem::path> password_file;
};

struct AccountListOptions {};

struct AccountRemoveOptions {
  std::string name;
};

using Command =
    std::variant<InitOptions, DoctorOptions, MailboxesOptions, BackupOptions, SnapshotsOptions,
                 LsOptions, FindOptions, DiffOptions, RestoreOptions, ExtractOptions, CheckOptions,
                 DrillOptions, RebuildIndexOptions, CopyOptions, StatsOptions, KeyListOptions,
                 KeyAddOptions, KeyRemoveOptions, KeyRotateOptions, KeyRecoveryOptions,
                 ForgetOptions, HoldAddOptions, HoldRemoveOptions, HoldListOptions, PruneOptions,
                 AuditOptions, ServeOptions, ScheduleOptions, JobsListOptions, JobsShowOptions,
                 JobsCancelOptions, AccountAddOptions, AccountListOptions, AccountRemoveOptions,
                 AlertTestOptions>;

struct Arguments {
  GlobalOptions global;
  std::string command_name;  // "backup", "key add"
  Command command;
};

// What --help and --version ask to be printed.
struct Information {
  std::string text;
};

// Error(usage) names the nearest option or command.
std::variant<Arguments, Information> parse_arguments(int argument_count,
                                                     const char* const* arguments);

// Whether errors are to be records, also where the rest of the line makes no sense.
bool asks_for_json(int argument_count, const char* const* arguments);
// The command as far as it can be told from a line that makes no sense; may be empty.
std::string command_asked_for(int argument_count, const char* const* arguments);

}  // namespace cli

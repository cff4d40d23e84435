#include "src/cli/command_sense.h"

#include "src/base/error.h"
#include "web-status/role.h"

#include <string>

namespace cli {
namespace {

[[noreturn]] void fail(const std::string& message) {
  throw base::Error{base::ErrorKind::usage, message};
}

void require_sense(const CheckOptions& options) {
  const bool is_paced =
      options.scrub.bytes_per_second > 0 || options.scrub.time_limit > base::Duration::zero();
  if (is_paced && (options.level != store::CheckLevel::scrub || options.repair)) {
    fail("--rate and --limit-time are for --level scrub without --repair");
  }
}

// What is let go is said in one way at a time; nothing that somebody typed is passed over.
void require_sense(const ForgetOptions& options) {
  const bool is_named = options.mailbox || !options.snapshots.empty();
  const int ways = static_cast<int>(options.list) + static_cast<int>(!options.undo.empty()) +
                   static_cast<int>(is_named) + static_cast<int>(options.policy.has_value());
  if (ways > 1) {
    fail("--policy, --snapshot and --mailbox, --undo, --list: only one of these at a time");
  }
  if (!options.reason.empty() && !is_named) fail("--reason is for --snapshot and --mailbox");
}

void require_sense(const AccountAddOptions& options) {
  if (web::role_of(options.role)) return;
  fail("--role takes viewer, operator, admin, not '" + options.role + "'");
}

template <typename Options>
void require_sense(const Options&) {}

}  // namespace

void require_sense(const Command& command) {
  std::visit([](const auto& options) { require_sense(options); }, command);
}

const char* exit_statuses() {
  return "Exit status: 0 all done, 1 failed, 2 usage or configuration, 3 some items or mailboxes "
         "failed,\n"
         "4 the service refused, 5 no such mailbox, restore point, folder or item, 10 no store,\n"
         "11 store in use, 12 wrong key, 13 damage found, 14 store full, 130 interrupted.";
}

}  // namespace cli

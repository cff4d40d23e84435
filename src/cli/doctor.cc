#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/daemon/readiness.h"
#include "src/jobs/record.h"

namespace cli {
namespace {

struct Counts {
  std::uint64_t ok = 0;
  std::uint64_t unknown = 0;
  std::uint64_t warnings = 0;
  std::uint64_t failed = 0;
  bool denied = false;

  void add(const appliance::Check& check) {
    if (check.status == appliance::Check::Status::ok) ++ok;
    if (check.status == appliance::Check::Status::unknown) ++unknown;
    if (check.status == appliance::Check::Status::warning) ++warnings;
    if (check.status == appliance::Check::Status::failed) ++failed;
    denied = denied || check.denied;
  }

  [[nodiscard]] jobs::ExitStatus exit_status() const {
    if (failed == 0) return jobs::ExitStatus::done;
    return denied ? jobs::ExitStatus::denied : jobs::ExitStatus::failed;
  }
};

jobs::Record record_of(const appliance::Check& check) {
  return jobs::Record{{"type", "check"},
                      {"name", check.name},
                      {"status", appliance::name(check.status)},
                      {"seen", check.seen},
                      {"remedy", jobs::text_or_null(check.remedy)}};
}

void tell(Output& output, const appliance::Check& check) {
  const bool fine = check.status == appliance::Check::Status::ok ||
                    check.status == appliance::Check::Status::unknown;
  const auto print = [&](const std::string& line) {
    if (fine) {
      output.remark(base::printable(line));
    } else {
      output.line(base::printable(line));
    }
  };
  print(fmt::format("{:<8} {}: {}", appliance::name(check.status), check.name, check.seen));
  if (!check.remedy.empty()) print(base::text("         remedy: ", check.remedy));
}

}  // namespace

jobs::ExitStatus run(const Context& context, const DoctorOptions& options) {
  const auto configuration = context.configuration();
  Counts counts;
  const auto on_check = [&](const appliance::Check& check) {
    counts.add(check);
    context.output.record(record_of(check));
    tell(context.output, check);
  };
  appliance::check_readiness(configuration, options.round_trip, context.clock, on_check,
                             context.stop);
  context.output.remark("");
  context.output.remark(base::text(counted(counts.ok, "check"), " passed, ",
                                   counted(counts.warnings, "warning"), ", ", counts.failed,
                                   " failed, ", counts.unknown, " unknown"));
  context.output.record(jobs::Record{{"type", "summary"},
                                     {"command", "doctor"},
                                     {"status", counts.failed == 0 ? "complete" : "failed"},
                                     {"ok", counts.ok},
                                     {"unknown", counts.unknown},
                                     {"warnings", counts.warnings},
                                     {"failed", counts.failed}});
  return counts.exit_status();
}

}  // namespace cli

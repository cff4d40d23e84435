#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/daemon/alert_delivery.h"

#include <algorithm>

namespace cli {
namespace {

jobs::ExitStatus status_of(std::size_t failed, std::size_t all) {
  if (failed == 0) return jobs::ExitStatus::done;
  return failed == all ? jobs::ExitStatus::failed : jobs::ExitStatus::partial;
}

std::string_view word_for(jobs::ExitStatus status) {
  if (status == jobs::ExitStatus::done) return "complete";
  return status == jobs::ExitStatus::partial ? "partial" : "failed";
}

}  // namespace

jobs::ExitStatus run(const Context& context, const AlertTestOptions&) {
  const auto configuration = context.configuration();
  const auto sender = appliance::make_alert_sender(configuration.alerts);
  if (sender->receivers().empty()) {
    throw AdvisedError{base::Error{base::ErrorKind::usage,
                                   base::text("nobody is to be told of alerts: [alerts] in ",
                                              configuration.path.string(), " names no receiver")},
                       "add 'webhook', or 'smtp' and 'mail_to', to [alerts]"};
  }
  const auto sent = appliance::send_test_alert(*sender, context.clock.now(), context.stop);
  std::size_t failed = 0;
  for (const appliance::SentTest& each : sent) {
    context.output.record(jobs::Record{
        {"type", "sent"}, {"to", each.to}, {"problem", jobs::text_or_null(each.problem)}});
    const bool is_taken = each.problem.empty();
    if (!is_taken) ++failed;
    context.output.line(base::printable(base::text(is_taken ? "taken    " : "failed   ", each.to,
                                                   is_taken ? "" : ": ", each.problem)));
  }
  const jobs::ExitStatus status = status_of(failed, sent.size());
  if (failed == 0) {
    context.output.remark(
        "Taken is not yet read: see that the test alert arrives where people look.");
  }
  context.output.record(jobs::Record{{"type", "summary"},
                                     {"command", "alert test"},
                                     {"status", word_for(status)},
                                     {"taken", sent.size() - failed},
                                     {"failed", failed}});
  return status;
}

}  // namespace cli

#include "src/cli/reporting.h"

#include "src/base/error.h"
#include "src/cli/failure_summary.h"

namespace cli {
namespace {

jobs::ExitStatus report(Output& output, const std::string& command, const base::Error& error,
                        const std::string& remedy) {
  const jobs::ExitStatus status = jobs::exit_status(error.kind());
  output.error(error, status, remedy);
  output.record(failure_summary(command, error, status));
  return status;
}

}  // namespace

jobs::ExitStatus reporting(Output& output, const std::string& command,
                           const std::function<jobs::ExitStatus()>& act) {
  try {
    return act();
  } catch (const AdvisedError& error) {
    return report(output, command, error, error.remedy());
  } catch (...) {
    const base::Error error = base::current_error();
    return report(output, command, error, remedy_for(error));
  }
}

}  // namespace cli

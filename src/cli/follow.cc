#include "src/cli/follow.h"

#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "src/cli/progress_bar.h"
#include "src/jobs/progress.h"

#include <memory>
#include <optional>
#include <utility>

namespace cli {

void print(ProcessOutput& output, const jobs::Told& told) {
  switch (told.kind) {
    case jobs::Told::Kind::record:
      if (told.record) output.record(*told.record);
      return;
    case jobs::Told::Kind::line:
      output.line(told.text);
      return;
    case jobs::Told::Kind::remark:
      output.remark(told.text);
      return;
    case jobs::Told::Kind::error:
      output.told_error(told.record.value_or(jobs::Record{}), told.text);
      return;
  }
}

jobs::ExitStatus follow(appliance::ControlClient& daemon, const std::vector<std::string>& words,
                        ProcessOutput& output, bool draw, base::Clock& clock,
                        std::stop_token stop) {
  base::Synchronized<jobs::ProgressReading> reading;
  ProgressBar bar{draw, clock};
  std::unique_ptr<ProgressDisplay::Shown> shown;
  appliance::Follower follower;
  follower.on_begun = [&](const jobs::Job& job) {
    if (output.verbose()) output.remark(base::text("Job ", job.id, " of the daemon"));
    shown = bar.show([&] { return *reading.lock(); });
  };
  follower.on_told = [&](const jobs::Told& told) {
    shown.reset();  // results and a bar would write over each other
    print(output, told);
  };
  follower.on_progress = [&](const jobs::ProgressReading& told) { *reading.lock() = told; };
  return daemon.run(words, follower, std::move(stop));
}

}  // namespace cli

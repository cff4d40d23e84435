#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/job_command.h"
#include "src/cli/service_signals.h"
#include "src/daemon/service.h"
#include "src/daemon/systemd.h"

#include <algorithm>

namespace cli {
namespace {

constexpr base::Duration kTick = std::chrono::seconds{1};

appliance::Service::Commands commands() {
  return {&order_of, &at_fixed_point, [](const jobs::JobOrder& order) { return lane_of(order); },
          &run_job, COFFER_VERSION};
}

void reload(appliance::Service& service, const std::filesystem::path& path) {
  appliance::notify_reloading();
  try {
    service.reload(appliance::load_configuration(path));
    base::log(base::LogLevel::info, "the configuration of ", path.string(), " is in force");
  } catch (const base::Error& error) {
    base::log(base::LogLevel::error, "the old configuration stays in force: ", error.what());
  }
  appliance::notify_ready(service.status());
}

}  // namespace

jobs::ExitStatus run(const Context& context, const ServeOptions&) {
  const ServiceSignals signals;  // before any thread
  const appliance::Configuration configuration = context.configuration();
  appliance::Service service{commands(), configuration, context.clock};
  service.start();
  context.output.remark(base::text("coffer serves; ", service.status()));
  appliance::notify_ready(service.status());
  const auto watchdog = appliance::watchdog_interval();
  const base::Duration tick = watchdog ? std::min(kTick, *watchdog / 3) : kTick;
  std::string told;
  for (;;) {
    const auto asked = signals.wait(tick);
    if (asked == ServiceSignals::Asked::stop) break;
    if (asked == ServiceSignals::Asked::reload) reload(service, configuration.path);
    service.tick();
    appliance::notify_alive();
    if (std::string status = service.status(); status != told) {
      told = std::move(status);
      appliance::notify_status(told);
    }
  }
  appliance::notify_stopping("running jobs stop at their next safe point");
  service.stop();
  return jobs::ExitStatus::done;
}

}  // namespace cli

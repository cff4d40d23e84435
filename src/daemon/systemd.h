// What systemd is told of the daemon (sd_notify(3)); nothing if it was not started by it.
#pragma once

#include "src/base/clock.h"

#include <optional>
#include <string_view>

namespace appliance {

void notify_ready(std::string_view status);
void notify_status(std::string_view status);
// From now until notify_ready() the configuration is read anew.
void notify_reloading();
void notify_stopping(std::string_view status);
void notify_alive();
// How often notify_alive() is expected; empty if nobody watches.
std::optional<base::Duration> watchdog_interval();

}  // namespace appliance

// Whether everything is ready for backups and restores: one check after the other, each with what
// was seen and what to do.
#pragma once

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/daemon/configuration.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace appliance {

struct Check {
  // unknown: nobody here can tell; whoever can is named.
  enum class Status : std::uint8_t { ok, unknown, warning, failed };
  std::string name;  // "store", "sign-in of the backup app (contoso)"
  Status status = Status::ok;
  std::string seen{};    // in words
  std::string remedy{};  // empty where nothing is to be done
  bool denied = false;   // failed because the service refused
};

std::string_view name(Check::Status status);

using OnCheck = std::function<void(const Check&)>;

// A failed check from what the service said. Error(cancelled) goes on up.
Check failed_check(std::string name, const base::Error& error);

// With `round_trip`, a sample of that mailbox goes to the tenant and back (round_trip.h), which is
// all that is ever changed. Errors of what is looked at become failed checks; throws
// Error(cancelled), and Error(not_found) if no tenant has that mailbox.
void check_readiness(const Configuration& configuration,
                     const std::optional<std::string>& round_trip, base::Clock& clock,
                     const OnCheck& on_check, std::stop_token stop);

}  // namespace appliance

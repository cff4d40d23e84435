// Whether everything is ready for backups and restores: one check after the other, each with what
// was seen and what to do. Nothing is changed by it, in the store or in the tenant.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/configuration.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace appliance {

struct Check {
  enum class Status : std::uint8_t { ok, warning, failed };
  std::string name;  // "store", "sign-in of the backup app (contoso)"
  Status status = Status::ok;
  std::string seen{};    // in words
  std::string remedy{};  // empty where nothing is to be done
  bool denied = false;   // failed because the service refused
};

std::string_view name(Check::Status status);

using OnCheck = std::function<void(const Check&)>;

// Errors of what is looked at become failed checks; throws Error(cancelled) only.
void check_readiness(const Configuration& configuration, base::Clock& clock,
                     const OnCheck& on_check, std::stop_token stop);

}  // namespace appliance

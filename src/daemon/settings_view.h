// The configuration in force, for everybody to see.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/configuration.h"
#include "src/jobs/record.h"

namespace appliance {

// {"type":"settings",...}: every key with its value, also those that the file leaves out. Of
// secrets only where they come from; of addresses that are secrets themselves, the host. Pure.
jobs::Record settings_record(const Configuration& configuration, base::Instant loaded);

}  // namespace appliance

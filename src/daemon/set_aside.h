// Files of the daemon that cannot be read: what is in them is not worth a daemon that does not
// start.
#pragma once

#include "src/base/error.h"

#include <filesystem>

namespace appliance {

// Renames it to `<file>.unreadable`, and tells that and the reason in the log.
void set_aside(const std::filesystem::path& file, const base::Error& reason);

}  // namespace appliance

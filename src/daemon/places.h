// How places in the file system lie to each other and to the store.
#pragma once

#include "src/daemon/configuration.h"

#include <filesystem>
#include <string_view>

namespace appliance {

// Whether `path` is `directory` or lies below it, links on the way followed as far as they can be
// looked into. Relative paths are relative to the working directory.
bool is_at_or_below(const std::filesystem::path& path, const std::filesystem::path& directory);

// Error(usage) naming `option` if `path` lies in the store or in its index, where nobody but the
// store writes.
void require_outside_store(const StoreSettings& store, const std::filesystem::path& path,
                           std::string_view option);

}  // namespace appliance

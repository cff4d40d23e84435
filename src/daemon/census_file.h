// What the last looks at the tenants found, kept in a file.
#pragma once

#include "src/daemon/census_rules.h"

#include <filesystem>
#include <vector>

namespace appliance {

// None if there is no such file. One that cannot be read is told in the log and set aside: the next
// look makes it anew.
std::vector<SeenTenant> read_census(const std::filesystem::path& file);
// Durable when it returns.
void write_census(const std::filesystem::path& file, const std::vector<SeenTenant>& looks);

}  // namespace appliance

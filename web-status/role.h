// What somebody may do with the appliance.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace web {

// Each may do what those before it may.
enum class Role : std::uint8_t { viewer, operate, admin };

// "viewer", "operator", "admin".
std::string_view name(Role role);
std::optional<Role> role_of(std::string_view name);

}  // namespace web

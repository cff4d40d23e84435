#include "web-status/role.h"

namespace web {

std::string_view name(Role role) {
  switch (role) {
    case Role::viewer:
      return "viewer";
    case Role::operate:
      return "operator";
    case Role::admin:
      return "admin";
  }
  return "viewer";
}

std::optional<Role> role_of(std::string_view text) {
  for (const Role role : {Role::viewer, Role::operate, Role::admin}) {
    if (name(role) == text) return role;
  }
  return std::nullopt;
}

}  // namespace web

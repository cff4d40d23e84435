// The routes of Graph: which path and method leads where, and which rights it takes.
#pragma once

#include "tests/simulator/call.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

// The one operation whose body is a stream that is not buffered.
inline constexpr std::string_view kCreateImportJob = "create_import_job";

struct Route {
  std::string_view method;
  std::string_view pattern;  // below "/v1.0"; "{}" stands for any one segment
  std::string_view operation;
  std::vector<std::string_view> roles;  // any one of them is enough
  Response (*handler)(Call& call);
  std::uint64_t directory_units = 0;  // 0: not a directory request
};

struct Match {
  const Route* route = nullptr;
  std::vector<std::string> captures;
};

// Throws Refusal: 404 for unknown paths, 405 for known paths with another method.
Match find_route(std::string_view method, const Target& target);

// What a directory request costs, by its parameters.
std::uint64_t directory_cost(const Route& route, const Target& target);

}  // namespace simulator

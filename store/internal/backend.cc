#include "store/backend.h"

namespace store {

std::optional<std::string> Backend::occupied_by() const {
  std::optional<std::string> first;
  list("", [&](const std::string& name, std::uint64_t) {
    if (!first) first = name;
  });
  return first;
}

}  // namespace store

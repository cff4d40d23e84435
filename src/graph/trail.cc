#include "src/graph/trail.h"

#include "src/base/error.h"

#include <functional>

namespace graph {
namespace {

constexpr unsigned kMostVisits = 8;
constexpr std::size_t kMostPages = 1'000'000;

}  // namespace

void Trail::follow(const ApiClient& client, std::string_view link) {
  using base::Error;
  using base::ErrorKind;
  client.check_own(link);
  if (++visits_[std::hash<std::string_view>{}(link)] > kMostVisits) {
    throw Error{ErrorKind::protocol, "the service's pages lead in a circle"};
  }
  if (visits_.size() > kMostPages) {
    throw Error{ErrorKind::protocol, "the service's pages do not end"};
  }
}

}  // namespace graph

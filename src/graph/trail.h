// The links that one walk through the service's pages has followed.
#pragma once

#include "src/graph/api_client.h"

#include <cstddef>
#include <string_view>
#include <unordered_map>

namespace graph {

// A server that leads in circles must not hold us for ever. An empty page may ask to come again to
// the same place, so a link may repeat a little. Used by one thread.
class Trail {
 public:
  // Error(protocol) for a walk without an end; what ApiClient::check_own() throws for a foreign
  // link.
  void follow(const ApiClient& client, std::string_view link);

 private:
  std::unordered_map<std::size_t, unsigned> visits_;  // by the link's hash
};

}  // namespace graph

#include "tests/simulator/message.h"

#include "src/base/text.h"

namespace simulator {

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (base::equals_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

std::string whole_body(Response& response) {
  if (response.stream) {
    while (auto piece = response.stream->next()) response.body += *piece;
    response.stream.reset();
  }
  return response.body;
}

}  // namespace simulator

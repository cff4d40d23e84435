// $filter: comparisons joined by "and", over members of a rendered resource.
#pragma once

#include "tests/simulator/json.h"

#include <string>
#include <string_view>
#include <vector>

namespace simulator {

class Filter {
 public:
  // Matches everything.
  Filter() = default;
  // Throws Refusal(400) unless the text is understood and names `fields` only.
  Filter(std::string_view text, const std::vector<std::string_view>& fields);

  [[nodiscard]] bool matches(const Json& resource) const;
  // "ne" and "endswith" are advanced queries for directory objects.
  [[nodiscard]] bool needs_advanced_query() const;

 private:
  struct Comparison {
    std::string field;
    std::string operation;  // eq ne gt ge lt le startswith endswith
    std::string literal;    // without quotes; "true" and numbers as written
  };
  std::vector<Comparison> comparisons_;
};

}  // namespace simulator

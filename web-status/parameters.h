// What a request gives beside its path, checked: parameters of the query, members of the body.
#pragma once

#include "web-status/appliance_view.h"
#include "web-status/http_message.h"

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace web {

// All refusals are Error(usage) and name what is wrong.
class Parameters {
 public:
  // Nothing but `known` may be there, each once.
  Parameters(const Target& target, std::span<const std::string_view> known);

  // Empty if it is not there.
  [[nodiscard]] std::string get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::string require(std::string_view name) const;
  // Empty, or one of `allowed`.
  [[nodiscard]] std::string one_of(std::string_view name,
                                   std::initializer_list<std::string_view> allowed) const;
  // "limit" and "after".
  [[nodiscard]] PageRequest page() const;
  // All but the one named `without`: whole numbers as numbers.
  [[nodiscard]] Fields fields(std::string_view without) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

// Nothing but `known` may be there.
void check_members(const Fields& fields, std::span<const std::string_view> known);
// Error(usage) unless it is there and a string that is not empty.
std::string require_text(const Fields& fields, std::string_view name);

// Of a list that is there as a whole. Error(usage) for an `after` that is no cursor of it.
Page part_of(Page whole, const PageRequest& request);

}  // namespace web

// Paths and OData query parameters, taken apart as strictly as the service does it.
#pragma once

#include "tests/simulator/extended_properties.h"
#include "tests/simulator/filter.h"
#include "tests/simulator/message.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

struct Target {
  std::vector<std::string> segments;  // decoded; "delta()" is given as "delta"
  std::vector<std::pair<std::string, std::string>> parameters;  // decoded

  // Empty if absent. Throws Refusal when it stands there twice.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

// Throws Refusal(400) for malformed escapes.
Target parse_target(std::string_view target);

// What a collection or a single resource can be asked for.
struct Capabilities {
  std::vector<std::string_view> parameters;  // "$top", ...; others that begin with '$' get 501
  std::vector<std::string_view> fields;      // for $select, $filter and $orderby
  std::uint64_t default_top = 10;
  std::uint64_t maximum_top = 1000;
};

struct Selection {
  std::uint64_t top = 10;
  std::uint64_t skip = 0;
  bool count = false;
  std::vector<std::string> select;  // empty: everything
  std::optional<std::string> order_by;
  bool descending = false;
  Filter filter;
  std::vector<PropertyTag> expand;

  [[nodiscard]] bool selects(std::string_view field) const;
};

// Throws Refusal: 501 for what is not supported, 400 for what is malformed.
Selection parse_selection(const Target& target, const Capabilities& capabilities);

// The value of odata.maxpagesize among the preferences; empty if there is none.
std::optional<std::uint64_t> preferred_page_size(const Headers& headers);
bool prefers_immutable_ids(const Headers& headers);

// The same parameters with one replaced or added, for nextLinks. Names and values are encoded.
std::string query_text(const Target& target, std::string_view replaced, std::string_view value);

}  // namespace simulator

// Pages of collections: $filter, $orderby, $skip and $top, and the link to the next page.
#pragma once

#include "tests/simulator/call.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace simulator {

inline Selection everything() { return {}; }

// `elements` in their natural order; `render(element, selection)` gives a JSON object.
template <typename Element, typename Render>
Response collection_page(Call& call, const Capabilities& capabilities, std::string_view context,
                         std::vector<const Element*> elements, Render render) {
  const Selection selection = parse_selection(call.target, capabilities);
  if (call.target.parameter("$filter")) {
    std::erase_if(elements, [&](const Element* element) {
      return !selection.filter.matches(render(*element, everything()));
    });
  }
  if (selection.order_by) {
    std::vector<std::pair<Json, const Element*>> keyed;
    for (const Element* element : elements) {
      keyed.emplace_back(render(*element, everything()).at(*selection.order_by), element);
    }
    std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& left, const auto& right) {
      return selection.descending ? right.first < left.first : left.first < right.first;
    });
    std::transform(keyed.begin(), keyed.end(), elements.begin(),
                   [](const auto& pair) { return pair.second; });
  }
  Json page = {
      {"@odata.context", call.world.origins.graph + "/v1.0/$metadata#" + std::string{context}}};
  if (selection.count) page["@odata.count"] = elements.size();
  Json& value = page["value"] = Json::array();
  const std::size_t begin = std::min<std::size_t>(selection.skip, elements.size());
  const std::size_t end = std::min<std::size_t>(begin + selection.top, elements.size());
  for (std::size_t i = begin; i < end; ++i) value.push_back(render(*elements[i], selection));
  if (end < elements.size()) {
    page["@odata.nextLink"] = call.url(query_text(call.target, "$skip", std::to_string(end)));
  }
  return json_answer(200, page);
}

}  // namespace simulator

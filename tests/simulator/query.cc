#include "tests/simulator/query.h"

#include "src/base/text.h"
#include "tests/simulator/refusal.h"

#include <algorithm>
#include <charconv>

namespace simulator {
namespace {

std::string decoded(std::string_view text) {
  auto result = base::percent_decode(text);
  if (!result) throw Refusal{400, "BadRequest", "The URL has a malformed escape."};
  return *std::move(result);
}

// Functions may be written with their namespace and with empty parentheses.
std::string plain_function(std::string segment) {
  if (segment.ends_with("()")) segment.resize(segment.size() - 2);
  for (const std::string_view name : {"delta", "exportItems", "createImportSession"}) {
    if (segment == base::text("microsoft.graph.", name)) return std::string{name};
  }
  return segment;
}

std::uint64_t number(std::string_view name, const std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) {
    throw Refusal{400, "BadRequest", base::text("Invalid value '", text, "' for ", name, ".")};
  }
  return value;
}

void check_field(const std::string& field, const Capabilities& capabilities) {
  const auto& fields = capabilities.fields;
  if (std::find(fields.begin(), fields.end(), field) == fields.end()) {
    throw Refusal{400, "RequestBroker--ParseUri",
                  base::text("Could not find a property named '", field, "'.")};
  }
}

void check_names(const Target& target, const Capabilities& capabilities) {
  for (const auto& [name, value] : target.parameters) {
    if (!name.starts_with('$')) continue;
    const auto& known = capabilities.parameters;
    if (std::find(known.begin(), known.end(), base::to_lower(name)) == known.end()) {
      throw Refusal{501, "NotImplemented",
                    base::text("The query parameter '", name, "' is not supported here.")};
    }
  }
}

}  // namespace

std::optional<std::string> Target::parameter(std::string_view name) const {
  std::optional<std::string> found;
  for (const auto& [key, value] : parameters) {
    if (!base::equals_ignoring_case(key, name)) continue;
    if (found) {
      throw Refusal{400, "BadRequest", base::text("Query option '", name, "' was given twice.")};
    }
    found = value;
  }
  return found;
}

Target parse_target(std::string_view target) {
  Target result;
  const std::size_t question = target.find('?');
  for (const std::string& segment : base::split(target.substr(0, question), '/')) {
    if (!segment.empty()) result.segments.push_back(plain_function(decoded(segment)));
  }
  if (question == std::string_view::npos) return result;
  for (std::string pair : base::split(target.substr(question + 1), '&')) {
    if (pair.empty()) continue;
    std::replace(pair.begin(), pair.end(), '+', ' ');
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = std::string_view{pair}.substr(std::min(equals + 1, pair.size()));
    result.parameters.emplace_back(decoded(std::string_view{pair}.substr(0, equals)),
                                   decoded(value));
  }
  return result;
}

bool Selection::selects(std::string_view field) const {
  return select.empty() || std::find(select.begin(), select.end(), field) != select.end();
}

Selection parse_selection(const Target& target, const Capabilities& capabilities) {
  check_names(target, capabilities);
  Selection selection;
  selection.top = capabilities.default_top;
  if (const auto top = target.parameter("$top")) {
    selection.top = number("$top", *top);
    if (selection.top == 0 || selection.top > capabilities.maximum_top) {
      throw Refusal{400, "BadRequest", base::text("Invalid page size specified: '", *top, "'.")};
    }
  }
  if (const auto skip = target.parameter("$skip")) selection.skip = number("$skip", *skip);
  if (const auto count = target.parameter("$count")) selection.count = *count == "true";
  if (const auto select = target.parameter("$select")) {
    for (const std::string& field : base::split(*select, ',')) {
      selection.select.emplace_back(base::trim(field));
      check_field(selection.select.back(), capabilities);
    }
  }
  if (const auto order = target.parameter("$orderby")) {
    const std::vector<std::string> words = base::split(*order, ' ');
    check_field(words.front(), capabilities);
    if (words.size() > 2 || (words.size() == 2 && words[1] != "asc" && words[1] != "desc")) {
      throw Refusal{400, "BadRequest", base::text("Invalid $orderby: '", *order, "'.")};
    }
    selection.order_by = words.front();
    selection.descending = words.size() == 2 && words[1] == "desc";
  }
  if (const auto filter = target.parameter("$filter")) {
    selection.filter = Filter{*filter, capabilities.fields};
  }
  if (const auto expand = target.parameter("$expand")) selection.expand = parse_expand(*expand);
  return selection;
}

std::optional<std::uint64_t> preferred_page_size(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!base::equals_ignoring_case(name, "Prefer")) continue;
    for (const std::string& preference : base::split(value, ',')) {
      const std::string_view trimmed = base::trim(preference);
      constexpr std::string_view kName = "odata.maxpagesize=";
      if (!trimmed.starts_with(kName)) continue;
      const std::uint64_t size =
          number("odata.maxpagesize", std::string{trimmed.substr(kName.size())});
      if (size == 0) throw Refusal{400, "BadRequest", "odata.maxpagesize must not be 0."};
      return size;
    }
  }
  return std::nullopt;
}

bool prefers_immutable_ids(const Headers& headers) {
  return std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return base::equals_ignoring_case(header.first, "Prefer") &&
           base::to_lower(header.second).find("idtype=\"immutableid\"") != std::string::npos;
  });
}

std::string query_text(const Target& target, std::string_view replaced, std::string_view value) {
  std::string query;
  const auto add = [&](std::string_view name, std::string_view text) {
    query += query.empty() ? '?' : '&';
    query += base::percent_encode(name) + "=" + base::percent_encode(text);
  };
  for (const auto& [name, text] : target.parameters) {
    if (!base::equals_ignoring_case(name, replaced)) add(name, text);
  }
  add(replaced, value);
  return query;
}

}  // namespace simulator

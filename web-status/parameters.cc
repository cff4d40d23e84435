#include "web-status/parameters.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <variant>

namespace web {

namespace {

constexpr std::size_t kMostRecords = 1000;
constexpr std::size_t kLongestValueBytes = 4096;

base::Error refused(std::string message) { return {base::ErrorKind::usage, std::move(message)}; }

void check_known(std::string_view what, const std::string& name,
                 std::span<const std::string_view> known) {
  if (std::ranges::find(known, name) != known.end()) return;
  const std::vector<std::string> names{known.begin(), known.end()};
  const std::optional<std::string> nearest = base::nearest(name, names);
  throw refused(base::text("there is no ", what, " \"", name, "\" here",
                           nearest ? base::text(": did you mean \"", *nearest, "\"?") : ""));
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Parameters::Parameters(const Target& target, std::span<const std::string_view> known) {
  for (const auto& [name, value] : target.parameters) {
    check_known("parameter", name, known);
    if (has(name)) throw refused(base::text("the parameter \"", name, "\" is there twice"));
    if (value.size() > kLongestValueBytes) {
      throw refused(base::text("the parameter \"", name, "\" is too long"));
    }
    values_.emplace_back(name, value);
  }
}

bool Parameters::has(std::string_view name) const {
  return std::ranges::any_of(values_, [&](const auto& value) { return value.first == name; });
}

std::string Parameters::get(std::string_view name) const {
  for (const auto& [each, value] : values_) {
    if (each == name) return value;
  }
  return {};
}

std::string Parameters::require(std::string_view name) const {
  std::string value = get(name);
  if (value.empty()) throw refused(base::text("the parameter \"", name, "\" is missing"));
  return value;
}

std::string Parameters::one_of(std::string_view name,
                               std::initializer_list<std::string_view> allowed) const {
  std::string value = get(name);
  if (value.empty() || std::ranges::find(allowed, value) != allowed.end()) return value;
  throw refused(base::text("the parameter \"", name, "\" takes one of: ",
                           base::enumerated({allowed.begin(), allowed.end()})));
}

PageRequest Parameters::page() const {
  PageRequest page;
  page.after = get("after");
  if (!has("limit")) return page;
  const std::optional<std::uint64_t> limit = whole_number(get("limit"));
  if (!limit || *limit < 1 || *limit > kMostRecords) {
    throw refused(base::text("the parameter \"limit\" takes 1 to ", kMostRecords));
  }
  page.limit = *limit;
  return page;
}

Fields Parameters::fields(std::string_view without) const {
  Fields fields;
  for (const auto& [name, value] : values_) {
    if (name == without) continue;
    const std::optional<std::uint64_t> number = whole_number(value);
    fields.emplace_back(name, number ? Field{*number} : Field{value});
  }
  return fields;
}

Page part_of(Page whole, const PageRequest& request) {
  const std::size_t size = whole.records.size();
  const std::optional<std::uint64_t> first =
      request.after.empty() ? std::optional<std::uint64_t>{0} : whole_number(request.after);
  if (!first || *first > size) throw refused("the parameter \"after\" is no cursor of this list");
  const std::size_t begin = static_cast<std::size_t>(*first);
  const std::size_t end = std::min(size, begin + request.limit);
  Page part;
  part.records.assign(
      std::move_iterator{whole.records.begin() + static_cast<std::ptrdiff_t>(begin)},
      std::move_iterator{whole.records.begin() + static_cast<std::ptrdiff_t>(end)});
  if (end < size) part.next = base::text(end);
  part.total = size;
  return part;
}

void check_members(const Fields& fields, std::span<const std::string_view> known) {
  for (const auto& [name, value] : fields) check_known("member", base::printable(name), known);
}

std::string require_text(const Fields& fields, std::string_view name) {
  for (const auto& [each, value] : fields) {
    if (each != name) continue;
    const auto* text = std::get_if<std::string>(&value);
    if (text != nullptr && !text->empty()) return *text;
    throw refused(base::text("the member \"", name, "\" must be a text"));
  }
  throw refused(base::text("the member \"", name, "\" is missing"));
}

}  // namespace web

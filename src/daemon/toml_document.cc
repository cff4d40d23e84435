#include "src/daemon/toml_document.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <toml++/toml.h>

#include <algorithm>
#include <utility>

namespace appliance {
namespace {

TomlValue translate(const toml::node& node);

TomlTable translate_table(const toml::table& table) {
  TomlTable translated;
  for (const auto& [key, node] : table) {
    TomlValue value = translate(node);
    // The key's line, which people see, rather than where the value begins.
    if (key.source().begin.line > 0) value.line = key.source().begin.line;
    translated.entries.push_back({std::string{key.str()}, std::move(value)});
  }
  // The parser sorts by name; errors should be told in the order of the file.
  std::stable_sort(translated.entries.begin(), translated.entries.end(),
                   [](const TomlEntry& left, const TomlEntry& right) {
                     return left.value.line < right.value.line;
                   });
  return translated;
}

TomlValue translate(const toml::node& node) {
  TomlValue value;
  value.line = node.source().begin.line;
  if (const auto* text = node.as_string()) {
    value.content = text->get();
  } else if (const auto* number = node.as_integer()) {
    value.content = number->get();
  } else if (const auto* truth = node.as_boolean()) {
    value.content = truth->get();
  } else if (const auto* array = node.as_array()) {
    std::vector<TomlValue> elements;
    for (const toml::node& element : *array) elements.push_back(translate(element));
    value.content = std::move(elements);
  } else if (const auto* table = node.as_table()) {
    value.content = translate_table(*table);
  } else {
    value.content =
        TomlOther{node.is_floating_point() ? "a floating point number" : "a date or time"};
  }
  return value;
}

}  // namespace

std::string_view TomlValue::kind() const {
  struct Name {
    std::string_view operator()(const TomlOther& other) const { return other.kind; }
    std::string_view operator()(const std::string&) const { return "a string"; }
    std::string_view operator()(std::int64_t) const { return "a number"; }
    std::string_view operator()(bool) const { return "true or false"; }
    std::string_view operator()(const std::vector<TomlValue>&) const { return "a list"; }
    std::string_view operator()(const TomlTable&) const { return "a table"; }
  };
  return std::visit(Name{}, content);
}

TomlTable parse_toml(std::string_view text, std::string_view file_name) {
  try {
    return translate_table(toml::parse(text));
  } catch (const toml::parse_error& error) {
    throw base::Error{base::ErrorKind::usage, base::text(file_name, ":", error.source().begin.line,
                                                         ": ", error.description())};
  }
}

}  // namespace appliance

#include "src/graph/json.h"

#include "src/base/text.h"
#include "tests/fuzz/targets.h"

#include <string>

namespace fuzz {
namespace {

using graph::Json;

template <typename Read>
auto if_of_type(Read read) {
  return unless_refused({base::ErrorKind::protocol}, read);
}

// Written out again; numbers that are no integers are left out, as nothing of ours reads them.
std::string written(const Json& json) {
  if (json.is_null()) return "null";
  if (json.is_object()) {
    std::string text = "{";
    for (const auto& [name, value] : json.members()) {
      hold(&json[name] == &value, "every member is found by its name");
      if (text.size() > 1) text += ',';
      text += base::text(graph::json_quoted(name), ":", written(value));
    }
    return text + "}";
  }
  if (if_of_type([&] { return json.elements().size(); })) {
    std::string text = "[";
    for (const Json& element : json.elements()) {
      if (text.size() > 1) text += ',';
      text += written(element);
    }
    return text + "]";
  }
  if (if_of_type([&] { return json.text(); })) return graph::json_quoted(json.text());
  if (const auto number = if_of_type([&] { return json.integer(); })) {
    return std::to_string(number->value());
  }
  if (const auto truth = if_of_type([&] { return json.boolean(); })) {
    return truth->value() ? "true" : "false";
  }
  return "0.5";
}

}  // namespace

void fuzz_json(base::ByteView input) {
  const auto json = if_of_type([&] { return Json::parse(base::as_text(input)); });
  if (!json) return;
  const std::string text = written(*json);
  const Json again = Json::parse(text);
  hold(written(again) == text, "a document that is written again means the same");
}

}  // namespace fuzz

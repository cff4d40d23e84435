#include "src/graph/json.h"

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/text.h"

#include <simdjson.h>

#include <algorithm>

namespace graph {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kDeepest = 64;
// A value takes more room than its text ("[[],[],..."): so many of them at most.
constexpr std::size_t kMostValues = 500'000;

[[noreturn]] void refuse(std::string_view why) {
  throw base::Error{base::ErrorKind::protocol, base::text("the answer is not usable JSON: ", why)};
}

[[noreturn]] void wrong_type(std::string_view wanted) {
  refuse(base::text("a value is not ", wanted));
}

class Converter {
 public:
  Json convert(const dom::element& element) {
    if (++values_ > kMostValues) refuse("too many values");
    switch (element.type()) {
      case dom::element_type::NULL_VALUE:
        return Json{};
      case dom::element_type::BOOL:
        return Json{bool{element}};
      case dom::element_type::INT64:
        return Json{std::int64_t{element}};
      case dom::element_type::UINT64:
        return Json{static_cast<double>(std::uint64_t{element})};
      case dom::element_type::DOUBLE:
        return Json{double{element}};
      case dom::element_type::STRING:
        return Json{std::string{std::string_view{element}}};
      case dom::element_type::ARRAY:
        return convert_array(element);
      case dom::element_type::OBJECT:
        return convert_object(element);
    }
    refuse("unknown type");
  }

 private:
  Json convert_array(const dom::array& array) {
    Json::Array result;
    for (const dom::element element : array) result.push_back(convert(element));
    return Json{std::move(result)};
  }

  Json convert_object(const dom::object& object) {
    Json::Object result;
    std::vector<std::string_view> names;
    for (const auto& field : object) {
      names.push_back(field.key);
      result.emplace_back(std::string{field.key}, convert(field.value));
    }
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end())
      refuse("a name stands twice");
    return Json{std::move(result)};
  }

  std::size_t values_ = 0;
};

const Json& null_value() {
  static const Json null;
  return null;
}

}  // namespace

Json Json::parse(std::string_view text) {
  dom::parser parser;
  if (parser.allocate(text.size(), kDeepest) != simdjson::SUCCESS) refuse("no memory for it");
  const simdjson::padded_string padded{text};
  dom::element root;
  if (const auto error = parser.parse(padded).get(root)) refuse(simdjson::error_message(error));
  return Converter{}.convert(root);
}

const Json& Json::operator[](std::string_view name) const {
  if (const auto* object = std::get_if<Object>(&value_)) {
    for (const auto& [key, value] : *object) {
      if (key == name) return value;
    }
  }
  return null_value();
}

const Json& Json::member_ignoring_case(std::string_view name) const {
  if (const auto* object = std::get_if<Object>(&value_)) {
    for (const auto& [key, value] : *object) {
      if (base::equals_ignoring_case(key, name)) return value;
    }
  }
  return null_value();
}

std::string_view Json::text() const {
  if (is_null()) return {};
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  wrong_type("a text");
}

std::string_view Json::text_or_nothing() const {
  const auto* value = std::get_if<std::string>(&value_);
  return value != nullptr ? std::string_view{*value} : std::string_view{};
}

std::optional<std::int64_t> Json::integer() const {
  if (is_null()) return std::nullopt;
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  wrong_type("an integer");
}

std::optional<bool> Json::boolean() const {
  if (is_null()) return std::nullopt;
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  wrong_type("true or false");
}

const Json::Array& Json::elements() const {
  static const Array none;
  if (is_null()) return none;
  if (const auto* value = std::get_if<Array>(&value_)) return *value;
  wrong_type("a list");
}

const Json::Array& Json::required_elements(std::string_view name) const {
  const Json& member = (*this)[name];
  if (member.is_null()) refuse(base::text("\"", name, "\" is missing"));
  return member.elements();
}

std::string_view Json::required_text(std::string_view name) const {
  const std::string_view value = (*this)[name].text();
  if (value.empty()) refuse(base::text("\"", name, "\" is missing"));
  return value;
}

const Json::Object& Json::members() const {
  static const Object none;
  const auto* value = std::get_if<Object>(&value_);
  return value != nullptr ? *value : none;
}

std::string json_quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      const auto byte = static_cast<std::byte>(c);
      result += base::text("\\u00", base::to_hex({&byte, 1}));
    } else {
      result += c;
    }
  }
  result += '"';
  return result;
}

}  // namespace graph

// Small JSON documents of the service, as values. Hostile text is refused: nesting, size, duplicate
// names, invalid UTF-8, anything after the end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace graph {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;
  explicit Json(bool value) : value_(value) {}
  explicit Json(std::int64_t value) : value_(value) {}
  explicit Json(double value) : value_(value) {}
  explicit Json(std::string value) : value_(std::move(value)) {}
  explicit Json(Array value) : value_(std::move(value)) {}
  explicit Json(Object value) : value_(std::move(value)) {}

  // Throws Error(protocol) for anything but one whole JSON document.
  static Json parse(std::string_view text);

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(value_); }

  // The member of that name; null if there is none or this is no object. Optional things are read
  // so.
  [[nodiscard]] const Json& operator[](std::string_view name) const;
  // The same without regard to ASCII case: the service spells some names in two ways.
  [[nodiscard]] const Json& member_ignoring_case(std::string_view name) const;
  // The text; empty if null. Error(protocol) if it is another type.
  [[nodiscard]] std::string_view text() const;
  // The text if it is one, else empty: for what may have any type.
  [[nodiscard]] std::string_view text_or_nothing() const;
  // Error(protocol) if it is another type; empty if null.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  [[nodiscard]] std::optional<bool> boolean() const;
  // The elements; none if null. Error(protocol) if it is another type.
  [[nodiscard]] const Array& elements() const;
  // The elements of an array that must be there.
  [[nodiscard]] const Array& required_elements(std::string_view name) const;
  // The text of a member that must be there and not empty.
  [[nodiscard]] std::string_view required_text(std::string_view name) const;
  [[nodiscard]] const Object& members() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

// The text as a JSON string, quotes included.
std::string json_quoted(std::string_view text);

}  // namespace graph

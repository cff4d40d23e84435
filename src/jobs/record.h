// Records: what a job tells scripts and monitors. Ordered fields with values of JSON, one line
// each.
#pragma once

#include "src/base/clock.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace jobs {

class Value;

// Fields keep the order in which they were set.
class Record {
 public:
  using Field = std::pair<std::string, Value>;

  Record() = default;
  Record(std::initializer_list<Field> fields);

  // Adds the field, or replaces the one of that name.
  Record& set(std::string_view name, Value value);
  // Null if there is no such field.
  [[nodiscard]] const Value* find(std::string_view name) const;
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

class Value {
 public:
  using List = std::vector<Value>;
  using Content = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double,
                               std::string, List, Record>;

  Value() : content_(nullptr) {}
  // NOLINTBEGIN(google-explicit-constructor): records are written as lists of plain values.
  Value(std::nullptr_t) : content_(nullptr) {}
  // Not by conversion, or every pointer would be a truth value.
  template <std::same_as<bool> Truth>
  Value(Truth truth) : content_(truth) {}
  template <std::signed_integral Number>
  Value(Number number) : content_(static_cast<std::int64_t>(number)) {}
  template <std::unsigned_integral Number>
  requires(!std::same_as<Number, bool>) Value(Number number)
      : content_(static_cast<std::uint64_t>(number)) {}
  Value(double number) : content_(number) {}
  Value(std::string text) : content_(std::move(text)) {}
  Value(std::string_view text) : content_(std::string{text}) {}
  Value(const char* text) : content_(std::string{text}) {}
  Value(List list) : content_(std::move(list)) {}
  Value(Record record) : content_(std::move(record)) {}
  // RFC 3339, UTC.
  Value(base::Instant instant) : content_(base::format_rfc3339(instant)) {}
  template <typename Known>
  Value(const std::optional<Known>& maybe) : Value(maybe ? Value{*maybe} : Value{}) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] const Content& content() const { return content_; }

 private:
  Content content_;
};

// Null for an empty text: where absent and empty mean the same.
Value text_or_null(std::string_view text);

// The record as one line of JSON, without the line end. Text that is not UTF-8 becomes U+FFFD.
std::string to_json(const Record& record);

}  // namespace jobs

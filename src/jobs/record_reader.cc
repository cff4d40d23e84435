#include "src/jobs/record_reader.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <variant>

namespace jobs {

template <typename Kind>
const Kind& RecordReader::get(std::string_view field) const {
  const Value* value = record_.find(field);
  const auto* content = value != nullptr ? std::get_if<Kind>(&value->content()) : nullptr;
  if (content == nullptr) fail(field);
  return *content;
}

bool RecordReader::is_null(std::string_view field) const {
  const Value* value = record_.find(field);
  return value != nullptr && std::holds_alternative<std::nullptr_t>(value->content());
}

void RecordReader::fail(std::string_view field) const {
  throw base::Error{base::ErrorKind::corrupt,
                    base::text(what_, " has no valid field '", field, "'")};
}

std::string RecordReader::text(std::string_view field) const { return get<std::string>(field); }

std::vector<std::string> RecordReader::texts(std::string_view field) const {
  std::vector<std::string> texts;
  for (const Value& value : get<Value::List>(field)) {
    const auto* text = std::get_if<std::string>(&value.content());
    if (text == nullptr) fail(field);
    texts.push_back(*text);
  }
  return texts;
}

std::uint64_t RecordReader::number(std::string_view field) const {
  return get<std::uint64_t>(field);
}

base::Duration RecordReader::duration(std::string_view field) const {
  return base::Duration{get<std::int64_t>(field)};
}

base::Instant RecordReader::instant(std::string_view field) const {
  return base::from_milliseconds(get<std::int64_t>(field));
}

std::optional<std::string> RecordReader::maybe_text(std::string_view field) const {
  if (is_null(field)) return std::nullopt;
  return text(field);
}

std::optional<std::uint64_t> RecordReader::maybe_number(std::string_view field) const {
  if (is_null(field)) return std::nullopt;
  return number(field);
}

std::optional<base::Instant> RecordReader::maybe_instant(std::string_view field) const {
  if (is_null(field)) return std::nullopt;
  return instant(field);
}

std::optional<Record> RecordReader::maybe_record(std::string_view field) const {
  if (is_null(field)) return std::nullopt;
  return get<Record>(field);
}

Value in_milliseconds(base::Duration duration) {
  return static_cast<std::int64_t>(duration.count());
}

Value in_milliseconds(const std::optional<base::Instant>& instant) {
  if (!instant) return {};
  return base::to_milliseconds(*instant);
}

}  // namespace jobs

#include "src/daemon/record_fields.h"

#include "src/base/text.h"

#include <variant>

namespace appliance {
namespace {

template <typename Kind>
const Kind* find(const jobs::Record& record, std::string_view field) {
  const jobs::Value* value = record.find(field);
  return value == nullptr ? nullptr : std::get_if<Kind>(&value->content());
}

}  // namespace

std::string text_in(const jobs::Record& record, std::string_view field) {
  const auto* text = find<std::string>(record, field);
  return text == nullptr ? std::string{} : *text;
}

std::uint64_t count_in(const jobs::Record& record, std::string_view field) {
  if (const auto* number = find<std::uint64_t>(record, field)) return *number;
  const auto* number = find<std::int64_t>(record, field);
  return number == nullptr || *number < 0 ? 0 : static_cast<std::uint64_t>(*number);
}

bool flag_in(const jobs::Record& record, std::string_view field) {
  const auto* flag = find<bool>(record, field);
  return flag != nullptr && *flag;
}

double number_in(const jobs::Record& record, std::string_view field) {
  if (const auto* number = find<double>(record, field)) return *number;
  return static_cast<double>(count_in(record, field));
}

std::optional<base::Instant> instant_in(const jobs::Record& record, std::string_view field) {
  const auto* text = find<std::string>(record, field);
  return text == nullptr ? std::nullopt : base::parse_rfc3339(*text);
}

const jobs::Record* record_in(const jobs::Record& record, std::string_view field) {
  return find<jobs::Record>(record, field);
}

const jobs::Value::List* list_in(const jobs::Record& record, std::string_view field) {
  return find<jobs::Value::List>(record, field);
}

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string written(base::Duration duration) {
  const auto whole_seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (whole_seconds % 86'400 == 0) return base::text(whole_seconds / 86'400, "d");
  if (whole_seconds % 3'600 == 0) return base::text(whole_seconds / 3'600, "h");
  if (whole_seconds % 60 == 0) return base::text(whole_seconds / 60, "m");
  return base::text(whole_seconds, "s");
}

}  // namespace appliance

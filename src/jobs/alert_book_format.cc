// The book as a file, and its alerts as records.
#include "src/base/error.h"
#include "src/base/text.h"
#include "src/jobs/alert_book.h"
#include "src/jobs/audit_log.h"

#include <array>
#include <utility>

namespace jobs {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::array kEvents{AlertEvent::opened, AlertEvent::escalated, AlertEvent::reopened,
                             AlertEvent::over, AlertEvent::test};

[[noreturn]] void fail(std::string_view what) {
  throw base::Error{base::ErrorKind::corrupt, base::text("the book of alerts ", what)};
}

// Whose errors speak of the audit log otherwise.
Record read_record(base::ByteView bytes) {
  try {
    return decode_record(bytes);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::corrupt) throw;
    fail("is damaged, or was written by a newer program");
  }
}

template <typename Wanted>
const Wanted& get(const Record& record, std::string_view name) {
  const Value* value = record.find(name);
  const auto* wanted = value != nullptr ? std::get_if<Wanted>(&value->content()) : nullptr;
  if (wanted == nullptr) fail(base::text("has no usable '", name, "'"));
  return *wanted;
}

const std::string& text_of(const Record& record, std::string_view name) {
  return get<std::string>(record, name);
}

std::uint64_t number_of(const Record& record, std::string_view name) {
  return get<std::uint64_t>(record, name);
}

std::optional<base::Instant> maybe_time_of(const Record& record, std::string_view name) {
  const Value* value = record.find(name);
  if (value != nullptr && std::holds_alternative<std::nullptr_t>(value->content())) return {};
  const auto time = base::parse_rfc3339(text_of(record, name));
  if (!time) fail(base::text("has a '", name, "' that is no time"));
  return time;
}

base::Instant time_of(const Record& record, std::string_view name) {
  const auto time = maybe_time_of(record, name);
  if (!time) fail(base::text("has no '", name, "'"));
  return *time;
}

template <typename Read>
auto list_of(const Record& record, std::string_view name, Read read) {
  std::vector<decltype(read(record))> list;
  for (const Value& value : get<Value::List>(record, name)) {
    const auto* element = std::get_if<Record>(&value.content());
    if (element == nullptr) fail(base::text("has a strange '", name, "'"));
    list.push_back(read(*element));
  }
  return list;
}

template <typename Elements, typename Write>
Value::List written(const Elements& elements, Write write) {
  Value::List list;
  for (const auto& element : elements) list.emplace_back(write(element));
  return list;
}

Severity severity_of(const Record& record) {
  const std::string& word = text_of(record, "severity");
  for (const Severity severity : {Severity::warning, Severity::critical}) {
    if (name(severity) == word) return severity;
  }
  fail("has an unknown severity");
}

AlertEvent event_of(const Record& record) {
  const std::string& word = text_of(record, "event");
  for (const AlertEvent event : kEvents) {
    if (name(event) == word) return event;
  }
  fail("has an unknown event");
}

Record write_delivery(const AlertDelivery& delivery) {
  return Record{{"id", delivery.to.id},    {"shown", delivery.to.shown},
                {"tries", delivery.tries}, {"next_try", delivery.next_try},
                {"time", delivery.time},   {"problem", delivery.problem}};
}

AlertDelivery read_delivery(const Record& record) {
  return {.to = {text_of(record, "id"), text_of(record, "shown")},
          .tries = number_of(record, "tries"),
          .next_try = time_of(record, "next_try"),
          .time = maybe_time_of(record, "time"),
          .problem = text_of(record, "problem")};
}

Record write_message(const AlertMessage& message) {
  return Record{{"number", message.number},
                {"event", name(message.event)},
                {"time", message.time},
                {"closed", message.closed},
                {"severity", name(message.severity)},
                {"subject", message.subject},
                {"message", message.message},
                {"next_step", message.next_step},
                {"deliveries", written(message.deliveries, write_delivery)}};
}

AlertMessage read_message(const Record& record) {
  return {.number = number_of(record, "number"),
          .event = event_of(record),
          .time = time_of(record, "time"),
          .closed = maybe_time_of(record, "closed"),
          .severity = severity_of(record),
          .subject = text_of(record, "subject"),
          .message = text_of(record, "message"),
          .next_step = text_of(record, "next_step"),
          .deliveries = list_of(record, "deliveries", read_delivery)};
}

Record write_alert(const Alert& alert) {
  return Record{{"id", alert.id},
                {"key", alert.matter.key},
                {"kind", name(alert.matter.kind)},
                {"severity", name(alert.matter.severity)},
                {"subject", alert.matter.subject},
                {"message", alert.matter.message},
                {"next_step", alert.matter.next_step},
                {"stage", alert.matter.stage},
                {"opened", alert.opened},
                {"closed", alert.closed},
                {"told_stage", alert.told_stage},
                {"messages", written(alert.messages, write_message)}};
}

Alert read_alert(const Record& record) {
  const auto kind = alert_kind(text_of(record, "kind"));
  if (!kind) fail("has an unknown kind");
  return {.id = text_of(record, "id"),
          .matter = {.key = text_of(record, "key"),
                     .kind = *kind,
                     .severity = severity_of(record),
                     .subject = text_of(record, "subject"),
                     .message = text_of(record, "message"),
                     .next_step = text_of(record, "next_step"),
                     .stage = number_of(record, "stage")},
          .opened = time_of(record, "opened"),
          .closed = maybe_time_of(record, "closed"),
          .told_stage = number_of(record, "told_stage"),
          .messages = list_of(record, "messages", read_message)};
}

}  // namespace

Record alert_record(const Alert& alert) {
  Value::List sent;
  for (const AlertMessage& message : alert.messages) {
    for (const AlertDelivery& delivery : message.deliveries) {
      sent.emplace_back(Record{{"to", delivery.to.shown},
                               {"event", name(message.event)},
                               {"time", delivery.time},
                               {"problem", text_or_null(delivery.problem)}});
    }
  }
  return Record{{"type", "alert"},
                {"id", alert.id},
                {"kind", name(alert.matter.kind)},
                {"severity", name(alert.matter.severity)},
                {"subject", alert.matter.subject},
                {"message", alert.matter.message},
                {"next_step", alert.matter.next_step},
                {"opened", alert.opened},
                {"closed", alert.closed},
                {"sent", std::move(sent)}};
}

base::Bytes AlertBook::encode() const {
  return encode_record({{"version", kVersion}, {"alerts", written(alerts_, write_alert)}});
}

AlertBook AlertBook::decode(base::ByteView bytes) {
  const Record record = read_record(bytes);
  if (number_of(record, "version") != kVersion) {
    fail("was written by a newer program: update this one");
  }
  AlertBook book;
  book.alerts_ = list_of(record, "alerts", read_alert);
  return book;
}

}  // namespace jobs

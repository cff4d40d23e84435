#include "store/internal/log_event.h"

#include "src/base/error.h"
#include "src/base/text.h"

namespace store {
namespace {

constexpr std::string_view kEvent = "an event of the commit log";
constexpr std::string_view kHold = "a legal hold";

// Part of the format.
enum class EventKind : std::uint8_t {
  forgotten = 1,
  recalled = 2,
  purged = 3,
  hold_added = 4,
  hold_removed = 5,
};

class EventEncoder {
 public:
  explicit EventEncoder(FieldWriter& fields) : fields_(&fields) {}

  void operator()(const SnapshotForgotten& event) {
    begin(EventKind::forgotten);
    fields_->text(event.key);
    fields_->text(event.reason);
  }
  void operator()(const SnapshotRecalled& event) {
    begin(EventKind::recalled);
    fields_->text(event.key);
  }
  void operator()(const SnapshotPurged& event) {
    begin(EventKind::purged);
    fields_->text(event.key);
  }
  void operator()(const HoldAdded& event) {
    begin(EventKind::hold_added);
    fields_->block(encode(event.hold));
  }
  void operator()(const HoldRemoved& event) {
    begin(EventKind::hold_removed);
    fields_->text(event.id);
    fields_->text(event.reason);
  }

 private:
  void begin(EventKind kind) { fields_->octet(static_cast<std::uint8_t>(kind)); }

  FieldWriter* fields_;
};

}  // namespace

void put_event(const LogEvent& event, FieldWriter& fields) {
  std::visit(EventEncoder{fields}, event);
}

LogEvent get_event(FieldReader& fields) {
  const std::uint8_t kind = fields.octet();
  switch (static_cast<EventKind>(kind)) {
    case EventKind::forgotten: {
      std::string key = fields.text();
      return SnapshotForgotten{std::move(key), fields.text()};
    }
    case EventKind::recalled:
      return SnapshotRecalled{fields.text()};
    case EventKind::purged:
      return SnapshotPurged{fields.text()};
    case EventKind::hold_added:
      return HoldAdded{decode_hold(fields.block())};
    case EventKind::hold_removed: {
      std::string id = fields.text();
      return HoldRemoved{std::move(id), fields.text()};
    }
  }
  throw base::Error{base::ErrorKind::usage,
                    base::text(kEvent, " is of the unknown kind ", kind,
                               ": a newer program wrote it; update this one")};
}

base::Bytes encode(const Hold& hold) {
  FieldWriter fields;
  for (const std::string* text : {&hold.id, &hold.tenant.name, &hold.mailbox_id, &hold.snapshot_id,
                                  &hold.subject, &hold.reason}) {
    fields.text(*text);
  }
  fields.instant(hold.time);
  return fields.take();
}

Hold decode_hold(base::ByteView bytes) {
  FieldReader fields{bytes, kHold};
  Hold hold;
  for (std::string* text : {&hold.id, &hold.tenant.name, &hold.mailbox_id, &hold.snapshot_id,
                            &hold.subject, &hold.reason}) {
    *text = fields.text();
  }
  hold.time = fields.instant();
  fields.finish();
  return hold;
}

}  // namespace store

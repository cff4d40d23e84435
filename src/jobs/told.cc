#include "src/jobs/told.h"

#include "src/jobs/audit_log.h"
#include "src/jobs/record_reader.h"

#include <utility>

namespace jobs {
namespace {

constexpr std::string_view kWhat = "what a job told";

// Part of the format.
std::uint64_t number_of(Told::Kind kind) {
  switch (kind) {
    case Told::Kind::record:
      return 0;
    case Told::Kind::line:
      return 1;
    case Told::Kind::remark:
      return 2;
    case Told::Kind::error:
      return 3;
  }
  return 1;
}

}  // namespace

base::Bytes encode_told(const Told& told) {
  Record message{{"kind", number_of(told.kind)}, {"record", nullptr}, {"text", told.text}};
  if (told.record) message.set("record", *told.record);
  return encode_record(message);
}

Told decode_told(base::ByteView bytes) {
  const Record record = decode_record(bytes, kWhat);
  const RecordReader fields{record, kWhat};
  Told told;
  told.record = fields.maybe_record("record");
  told.text = fields.text("text");
  const std::uint64_t number = fields.number("kind");
  for (const Told::Kind kind :
       {Told::Kind::record, Told::Kind::line, Told::Kind::remark, Told::Kind::error}) {
    if (number_of(kind) != number) continue;
    if (kind == Told::Kind::record && !told.record) fields.fail("record");
    told.kind = kind;
    return told;
  }
  fields.fail("kind");
}

}  // namespace jobs

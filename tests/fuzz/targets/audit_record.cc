#include "src/jobs/audit_log.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

void fuzz_audit_record(base::ByteView input) {
  const auto record =
      unless_refused({base::ErrorKind::corrupt}, [&] { return jobs::decode_record(input); });
  if (!record) return;
  const base::Bytes again = jobs::encode_record(*record);
  hold(jobs::encode_record(jobs::decode_record(again)) == again, "a record stays what it is");
  static_cast<void>(jobs::to_json(*record));
}

}  // namespace fuzz

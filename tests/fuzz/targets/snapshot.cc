#include "store/internal/commit_record.h"
#include "store/internal/state_rows.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

void fuzz_snapshot(base::ByteView input) {
  using base::ErrorKind;
  const auto snapshot = unless_refused({ErrorKind::corrupt, ErrorKind::usage},
                                       [&] { return store::decode_snapshot(input); });
  if (!snapshot) return;
  hold(std::ranges::equal(store::encode(*snapshot), input), "a restore point has one encoding");
  const store::StateRows rows{fixed_keys()};
  store::CommitRecord record;
  record.snapshots = {*snapshot};
  const store::StateRow row = rows.of(record).front();
  const store::Snapshot opened = rows.open_snapshot(row.key, *row.value);
  hold(std::ranges::equal(store::encode(opened), input), "a row of the index gives it back");
}

}  // namespace fuzz

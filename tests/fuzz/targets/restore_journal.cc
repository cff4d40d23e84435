#include "src/restore/restore_journal.h"

#include "store/memory_backend.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

// The input is an entry of a restore that was cut off, after a whole one. What it says may be
// ignored, but never ends the restore that goes on, nor hides what the whole one said.
void fuzz_restore_journal(base::ByteView input) {
  store::MemoryBackend backend;
  const store::Journals journals{backend, fixed_keys()};
  const base::Sha256 intent = base::sha256(base::as_bytes("a restore"));
  {
    restore::RestoreJournal journal{journals, intent, base::Instant{}};
    journal.sending("inbox", {{"a", {"b"}}});
  }
  store::Journal journal = journals.open("restore/" + intent.hex());
  journal.append(input);
  restore::RestoreJournal again{journals, intent, base::Instant{}};
  hold(again.goes_on(), "a restore that was cut off goes on");
  static_cast<void>(again.past_of(""));
  static_cast<void>(again.past_of("inbox"));
  again.sending("inbox", {{"c", {}}});
}

}  // namespace fuzz

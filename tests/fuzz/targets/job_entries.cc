#include "src/jobs/job.h"
#include "src/jobs/told_entries.h"
#include "tests/fuzz/targets.h"

#include <vector>

namespace fuzz {
namespace {

using base::ErrorKind;

// What the output file of a job holds.
void check_entries(base::ByteView file) {
  std::uint64_t entries = 0;
  const auto end = unless_refused({ErrorKind::corrupt}, [&] {
    return jobs::read_entries(file, 0, [&](const jobs::Told& told) {
      ++entries;
      const base::Bytes again = jobs::encode_entry(told);
      const std::uint64_t read = jobs::read_entries(again, 0, [&](const jobs::Told& same) {
        hold(same.kind == told.kind && same.text == told.text, "what was told is told again");
        hold(jobs::encode_entry(same) == again, "an entry has one form");
        return true;
      });
      hold(read == again.size(), "an entry is whole");
      return true;
    });
  });
  hold(!end || *end <= file.size(), "entries end where the file does, or before");
  hold(!end || entries > 0 || *end == 0, "without an entry nothing was read");
}

void check_told(base::ByteView content) {
  const auto told =
      unless_refused({ErrorKind::corrupt}, [&] { return jobs::decode_told(content); });
  if (!told) return;
  const base::Bytes again = jobs::encode_told(*told);
  hold(jobs::encode_told(jobs::decode_told(again)) == again, "what was told has one form");
}

// What the file of a job holds.
void check_job(base::ByteView file) {
  const auto job = unless_refused({ErrorKind::corrupt}, [&] { return jobs::decode_job(file); });
  if (!job) return;
  const base::Bytes again = jobs::encode_job(*job);
  hold(jobs::encode_job(jobs::decode_job(again)) == again, "a job is kept as it is");
}

}  // namespace

// First an octet: by it, the rest is the entries of an output, a job, or what one entry holds
// (which hardly any change of an entry would reach, because of the check of its bytes).
void fuzz_job_entries(base::ByteView input) {
  InputReader reader{input};
  switch (reader.octet() % 3) {
    case 0:
      return check_entries(reader.rest());
    case 1:
      return check_job(reader.rest());
    default:
      return check_told(reader.rest());
  }
}

}  // namespace fuzz

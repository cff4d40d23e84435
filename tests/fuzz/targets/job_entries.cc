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

// What the file of a job holds.
void check_job(base::ByteView file) {
  const auto job = unless_refused({ErrorKind::corrupt}, [&] { return jobs::decode_job(file); });
  if (!job) return;
  const base::Bytes again = jobs::encode_job(*job);
  hold(jobs::encode_job(jobs::decode_job(again)) == again, "a job is kept as it is");
}

}  // namespace

// First an octet: odd, and the rest is a job; else the entries of its output.
void fuzz_job_entries(base::ByteView input) {
  InputReader reader{input};
  if (reader.octet() % 2 == 1) {
    check_job(reader.rest());
  } else {
    check_entries(reader.rest());
  }
}

}  // namespace fuzz

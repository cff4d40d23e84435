// What a run of one mailbox says of itself.
#pragma once

#include "src/backup/mailbox_backup.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"

#include <cstdint>

namespace test {

struct Expected {
  std::uint64_t listed = 0;
  std::uint64_t stored = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;
};

inline void check_counts(const backup::MailboxReport& report, const Expected& expected) {
  CHECK(report.items.listed == expected.listed);
  CHECK(report.items.stored == expected.stored);
  CHECK(report.items.unchanged == expected.unchanged);
  CHECK(report.items.skipped == expected.skipped);
  CHECK(report.items.failed == expected.failed);
  CHECK(is_closed(report.items));
}

inline void check_complete(const backup::MailboxReport& report) {
  CHECK((report.outcome == backup::Outcome::complete));
  REQUIRE(report.snapshot);
  CHECK(report.snapshot->complete);
  for (const backup::Problem& problem : report.problems) FAIL_CHECK(problem.message);
}

}  // namespace test

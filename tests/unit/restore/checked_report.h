// What a restore says of itself when nothing went wrong.
#pragma once

#include "src/restore/restore_run.h"
#include "tests/support/catch.h"

namespace test {

inline void check_green(const restore::RestoreReport& report) {
  for (const restore::RestoreProblem& problem : report.problems) FAIL_CHECK(problem.message);
  CHECK_FALSE(report.stopped_by);
  CHECK_FALSE(report.cancelled);
  CHECK(report.items.failed == 0);
  CHECK(report.items.verified == report.items.restored + report.items.replaced);
  CHECK(report.items.selected ==
        report.items.restored + report.items.replaced + report.items.skipped);
}

}  // namespace test

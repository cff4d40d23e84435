#include "src/restore/conflict.h"

#include "tests/support/catch.h"

#include <vector>

namespace {

using restore::Candidate;
using restore::Likeness;
using restore::OnConflict;
using Kind = restore::Verdict::Kind;

Candidate candidate(const std::string& id, Likeness likeness, bool same_id = false,
                    int modified = 0) {
  return {id, "key of " + id, same_id, base::from_milliseconds(modified), likeness};
}

}  // namespace

TEST_CASE("conflicts are decided by this table", "[restore]") {
  struct Row {
    const char* name;
    OnConflict on_conflict;
    std::vector<Candidate> candidates;
    Kind kind;
    std::optional<std::size_t> chosen;
  };
  const Candidate same = candidate("same", Likeness::unchanged);
  const Candidate changed = candidate("changed", Likeness::changed);
  const Candidate unknown = candidate("unknown", Likeness::unknown);
  const std::vector<Row> rows = {
      {"skip: nothing there", OnConflict::skip, {}, Kind::create, {}},
      {"copy: nothing there", OnConflict::copy, {}, Kind::create, {}},
      {"replace: nothing there", OnConflict::replace, {}, Kind::create, {}},
      {"skip: unchanged", OnConflict::skip, {same}, Kind::skip, 0},
      {"copy: unchanged", OnConflict::copy, {same}, Kind::create, {}},
      {"replace: unchanged", OnConflict::replace, {same}, Kind::skip, 0},
      {"skip: changed", OnConflict::skip, {changed}, Kind::create, {}},
      {"copy: changed", OnConflict::copy, {changed}, Kind::create, {}},
      {"replace: changed", OnConflict::replace, {changed}, Kind::replace, 0},
      {"skip: any unchanged counts", OnConflict::skip, {changed, unknown, same}, Kind::skip, 2},
      {"replace: any unchanged counts", OnConflict::replace, {changed, same}, Kind::skip, 1},
      {"skip: not comparable", OnConflict::skip, {changed, unknown}, Kind::undecided, {}},
      {"copy: not comparable", OnConflict::copy, {unknown}, Kind::create, {}},
      {"replace: not comparable", OnConflict::replace, {unknown}, Kind::undecided, {}},
      {"replace: the same id first",
       OnConflict::replace,
       {candidate("b", Likeness::changed, false, 9), candidate("a", Likeness::changed, true, 1)},
       Kind::replace,
       1},
      {"replace: else the one modified last",
       OnConflict::replace,
       {candidate("a", Likeness::changed, false, 1), candidate("b", Likeness::changed, false, 9)},
       Kind::replace,
       1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const restore::Verdict verdict = restore::decide(row.on_conflict, row.candidates);
    CHECK((verdict.kind == row.kind));
    CHECK(verdict.candidate == row.chosen);
    CHECK(verdict.reason.empty() == row.candidates.empty());
  }
}

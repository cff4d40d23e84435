// A check, and a prune of another process at any moment of it.
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/unit/store/pruned_store.h"

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

using store::CheckLevel;
using store::MemoryBackend;
using test::PrunedStore;

constexpr const char* kAnna = "anna@contoso.com";
constexpr const char* kBoris = "boris@contoso.com";

// COFFER_KILL_STEP=1 looks at every moment; the suite at some.
int step() {
  const char* text = std::getenv("COFFER_KILL_STEP");
  return text == nullptr ? 11 : std::stoi(text);
}

// Small packs and forgotten ones, so that a prune moves most of what is there.
struct Subject : PrunedStore {
  Subject() {
    const store::Snapshot old = back_up(kAnna, 1);
    for (std::uint64_t seed = 2; seed < 5; ++seed) back_up(seed % 2 == 0 ? kAnna : kBoris, seed, 3);
    forget(old);
    store.reopen();
    reader = store.open(store::Access::read);
  }

  // At the operation of the check that comes after so many; false if there are not so many.
  bool prune_at(int moment, bool keeps_trash) {
    int operations = 0;
    bool reached = false;
    backend.set_hook([&, moment, keeps_trash](MemoryBackend::Operation, const std::string&) {
      if (reached || operations++ != moment) return;
      reached = true;
      CHECK(prune().packs_rewritten > 0);
      if (keeps_trash) return;
      for (const std::uint64_t batch : backend.discarded_batches()) backend.empty_batch(batch);
    });
    report = reader->check(level, {}, {});
    backend.set_hook({});
    return reached;
  }

  CheckLevel level = CheckLevel::structure;
  std::unique_ptr<store::Repository> reader;
  store::CheckReport report;
};

}  // namespace

TEST_CASE("a check beside a prune of another process finds nothing wrong",
          "[store][prune][check]") {
  const auto level = GENERATE(CheckLevel::structure, CheckLevel::scrub, CheckLevel::full);
  const bool keeps_trash = GENERATE(true, false);
  bool reached = true;
  for (int moment = 0; reached; moment += step()) {
    CAPTURE(static_cast<int>(level), keeps_trash, moment);
    Subject subject;
    subject.level = level;
    reached = subject.prune_at(moment, keeps_trash);
    CAPTURE(subject.report.errors);
    CHECK(subject.report.errors.empty());
    CHECK(subject.report.affected.empty());
  }
}

TEST_CASE("a check beside a prune of another process still finds what is missing",
          "[store][prune][check]") {
  Subject subject;
  subject.prune();
  subject.reader = subject.store.open(store::Access::read);
  subject.back_up(kBoris, 9);
  subject.store.reopen();
  const std::string lost = subject.backend.names("pack/d/").back();
  subject.backend.remove(lost);
  subject.reader->check(CheckLevel::structure, {}, {});
  subject.reader = subject.store.open(store::Access::read);
  const store::CheckReport report = subject.reader->check(CheckLevel::structure, {}, {});
  REQUIRE_FALSE(report.errors.empty());
  CHECK(report.errors[0].find("missing") != std::string::npos);
}

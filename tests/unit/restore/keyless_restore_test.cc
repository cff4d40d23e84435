// Items that have no search key: only their bytes tell whether they lie in the target.
#include "src/base/text.h"
#include "src/restore/restore_run.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"
#include "tests/unit/restore/checked_report.h"

#include <cstddef>
#include <string>

namespace {

using restore::ItemReport;
using restore::OnConflict;
using restore::RestoreReport;
using test::check_green;
using Call = test::FakeMailboxService::Call;
using Lost = test::FakeMailboxService::Lost;

// Two items that nothing but their bytes tells apart, restored into another mailbox.
struct Keyless {
  Keyless() {
    for (const char* id : {"keyless", "other"}) {
      tenant.service().put_item("inbox", id, base::text("no key in ", id));
      tenant.service().item("inbox", id).search_key.clear();
    }
    point = *tenant.back_up().snapshot;
    target.into = {"Restored"};
  }

  RestoreReport run() {
    restore::RestoreProgress progress;
    return restore::run_restore(
        {other, tenant.repository().tenant(), tenant.repository().repository().journals(),
         tenant.repository().clock()},
        point, {}, target, settings, [](const ItemReport&) {}, progress, {});
  }

  std::string folder() {
    return other.folder_named(other.folder_named("root", "Restored").value(), "Inbox").value();
  }
  std::size_t items_there() { return other.items(folder()).size(); }

  void let_exports_fail() {
    other.before_call = [this](Call call, const std::string&) {
      if (call != Call::export_units) return;
      for (const auto& [id, item] : other.items(folder())) {
        other.poison(id, {"ErrorInternalServerError", "try again later", false});
      }
    };
  }
  void let_exports_succeed() {
    other.before_call = nullptr;
    for (const auto& [id, item] : other.items(folder())) other.heal(id);
  }

  test::FakeTenant tenant;
  store::Snapshot point;
  test::FakeMailboxService other;
  restore::RestoreTarget target;
  restore::RestoreSettings settings;
};

}  // namespace

TEST_CASE("a lost answer of an item without a search key is resolved by its bytes", "[restore]") {
  Keyless keyless;
  int imports = 0;
  keyless.other.lose_answer = [&](const std::string&) {
    return ++imports == 1 ? Lost::after_creating : Lost::no;
  };
  check_green(keyless.run());
  CHECK(imports == 2);
}

TEST_CASE("an item without a search key is not made again while what it may be cannot be read",
          "[restore]") {
  Keyless keyless;
  check_green(keyless.run());
  keyless.let_exports_fail();

  const RestoreReport report = keyless.run();

  CHECK(report.items.failed == 2);
  CHECK(report.problems.at(0).code == "NotCompared");
  CHECK(keyless.items_there() == 2);
  keyless.let_exports_succeed();
  check_green(keyless.run());
  CHECK(keyless.items_there() == 2);
}

TEST_CASE("a lost answer of an item without a search key stays so until something can be read",
          "[restore]") {
  Keyless keyless;
  keyless.settings.on_conflict = OnConflict::copy;
  keyless.other.lose_answer = [](const std::string&) { return Lost::after_creating; };
  keyless.let_exports_fail();
  const RestoreReport first = keyless.run();
  CHECK(first.items.failed == 2);
  CHECK(first.problems.at(0).code == "Uncertain");
  CHECK(keyless.items_there() == 2);

  keyless.other.lose_answer = nullptr;
  const RestoreReport second = keyless.run();
  CHECK(second.items.failed == 2);
  CHECK(second.problems.at(0).code == "NotCompared");
  CHECK(keyless.items_there() == 2);

  keyless.let_exports_succeed();
  check_green(keyless.run());
  CHECK(keyless.items_there() == 2);
}

// The engine's promises against the simulated tenant: what the tenant has is what the store holds,
// whatever the service does on the way.
#include "src/backup/backup_run.h"
#include "src/restore/restore_run.h"
#include "tests/simulator/evolution.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_tenant.h"

#include <cstdint>
#include <cstdlib>

namespace {

using backup::Outcome;
using restore::RestoreReport;

// Lives per test: a few in the suite, as many as asked for in a campaign.
std::uint64_t lives() {
  const char* asked = std::getenv("COFFER_LIVES");
  return asked == nullptr ? 5 : std::strtoull(asked, nullptr, 10);
}

void check_accounts(const backup::RunReport& report) {
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    CAPTURE(mailbox.address);
    const store::ItemCounts& items = mailbox.items;
    CHECK(items.listed == items.stored + items.unchanged + items.skipped + items.failed);
    if (mailbox.outcome == Outcome::complete) CHECK(mailbox.items.failed == 0);
    if (mailbox.snapshot)
      CHECK(mailbox.snapshot->complete == (mailbox.outcome == Outcome::complete));
  }
}

// Complete, and equal to what the tenant has.
void check_exact(test::SimulatedTenant& tenant, const backup::RunReport& report) {
  check_accounts(report);
  REQUIRE_FALSE(report.mailboxes.empty());
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    CAPTURE(mailbox.address);
    for (const backup::Problem& problem : mailbox.problems)
      FAIL_CHECK(problem.code << ": " << problem.message);
    CHECK((mailbox.outcome == Outcome::complete));
    REQUIRE(mailbox.snapshot);
    CHECK(tenant.stored(*mailbox.snapshot) == tenant.present(mailbox.mailbox_id));
  }
}

std::uint64_t stored_items(const backup::RunReport& report) {
  std::uint64_t stored = 0;
  for (const backup::MailboxReport& mailbox : report.mailboxes) stored += mailbox.items.stored;
  return stored;
}

restore::RestoreTarget into_another(const backup::MailboxReport& mailbox) {
  restore::RestoreTarget target;
  target.mailbox = {mailbox.mailbox_id};
  target.address = mailbox.address;
  target.into = {"Restored"};
  return target;
}

void check_green(const RestoreReport& report) {
  for (const restore::RestoreProblem& problem : report.problems)
    FAIL_CHECK(problem.code << ": " << problem.message);
  if (report.stopped_by) FAIL_CHECK(report.stopped_by->what());
  CHECK(report.items.verified == report.items.restored + report.items.replaced);
  CHECK(report.items.selected ==
        report.items.restored + report.items.replaced + report.items.skipped);
}

}  // namespace

TEST_CASE("backups follow the tenant's life exactly", "[simulation]") {
  test::SimulatedTenant tenant{test::small_tenant_plan(11)};
  check_exact(tenant, tenant.back_up());

  const std::uint64_t before = tenant.requests();
  const backup::RunReport quiet = tenant.back_up();
  check_exact(tenant, quiet);
  CHECK(stored_items(quiet) == 0);
  std::uint64_t folders = 0;
  for (const backup::MailboxReport& mailbox : quiet.mailboxes) {
    CHECK(mailbox.items.listed == mailbox.items.unchanged);
    folders += tenant.repository().tenant().open_snapshot(*mailbox.snapshot)->folders().size();
  }
  CHECK(tenant.requests() - before <= folders + 2 * quiet.mailboxes.size());

  for (int day = 0; day < 4; ++day) {
    CAPTURE(day);
    tenant.live_one_day();
    check_exact(tenant, tenant.back_up());
  }
}

TEST_CASE("lost delta tokens export nothing again", "[simulation]") {
  test::SimulatedTenant tenant{test::small_tenant_plan(12)};
  check_exact(tenant, tenant.back_up());
  ++tenant.simulator().world()->delta_generation;
  const backup::RunReport report = tenant.back_up();
  check_exact(tenant, report);
  CHECK(stored_items(report) == 0);
}

TEST_CASE("a full listing finds nothing to heal after ordinary days", "[simulation]") {
  test::SimulatedTenant tenant{test::small_tenant_plan(13)};
  tenant.back_up();
  tenant.live_one_day();
  tenant.back_up();
  const backup::RunReport report = tenant.back_up(true);
  check_exact(tenant, report);
  CHECK(stored_items(report) == 0);
}

TEST_CASE("one mailbox at a time and many side by side store the same", "[simulation]") {
  test::SimulatedTenant alone{test::small_tenant_plan(14)};
  test::SimulatedTenant together{test::small_tenant_plan(14)};
  const backup::RunReport one = alone.back_up(false, 1);
  const backup::RunReport many = together.back_up(false, 4);
  REQUIRE(one.mailboxes.size() == many.mailboxes.size());
  for (std::size_t i = 0; i < one.mailboxes.size(); ++i) {
    CHECK(alone.stored(*one.mailboxes[i].snapshot) == together.stored(*many.mailboxes[i].snapshot));
  }
}

TEST_CASE("whatever goes wrong, what is called complete is exact", "[simulation]") {
  const auto life = GENERATE(range(std::uint64_t{0}, lives()));
  CAPTURE(life);
  test::SimulatedTenant tenant{test::small_tenant_plan(100 + life, 80)};
  // Changes that show late are missing from a round that is whole otherwise: they have a test of
  // their own.
  tenant.simulator().world()->faults.configure("all=0.03,late_delta=0,poison=0.01");
  for (int day = 0; day < 3; ++day) {
    CAPTURE(day);
    const backup::RunReport report = tenant.back_up();
    check_accounts(report);
    for (const backup::MailboxReport& mailbox : report.mailboxes) {
      CAPTURE(mailbox.address);
      if (!mailbox.snapshot) continue;
      const test::Hashes stored = tenant.stored(*mailbox.snapshot);
      if (mailbox.outcome == Outcome::complete) {
        CHECK(stored == tenant.present(mailbox.mailbox_id));
      } else {
        CHECK_FALSE(mailbox.problems.empty());
      }
    }
    tenant.live_one_day();
  }
  tenant.simulator().world()->faults.clear();
  check_exact(tenant, tenant.back_up());
}

TEST_CASE("changes that show late are stored by a later run", "[simulation]") {
  const auto life = GENERATE(range(std::uint64_t{0}, lives()));
  CAPTURE(life);
  test::SimulatedTenant tenant{test::small_tenant_plan(300 + life, 80)};
  tenant.simulator().world()->faults.configure(
      "late_delta=0.5,repeated_delta=0.5,empty_delta_page=0.5");
  for (int day = 0; day < 3; ++day) {
    check_accounts(tenant.back_up());
    tenant.live_one_day();
  }
  tenant.simulator().world()->faults.clear();
  check_exact(tenant, tenant.back_up());
}

TEST_CASE("a mailbox is restored into another, equal by hash and path, and only once",
          "[simulation]") {
  test::SimulatedTenant tenant{test::small_tenant_plan(21)};
  const backup::RunReport report = tenant.back_up();
  const store::Snapshot point = *report.mailboxes.at(0).snapshot;
  const test::Hashes then = tenant.present(point.mailbox_id);
  tenant.live_one_day();

  const restore::RestoreTarget target = into_another(report.mailboxes.at(1));
  const RestoreReport first = tenant.restore(point, target);
  check_green(first);
  CHECK(first.items.restored == point.items);
  CHECK(tenant.present(target.mailbox.value, "Restored") == then);

  const RestoreReport second = tenant.restore(point, target);
  check_green(second);
  CHECK(second.items.restored == 0);
  CHECK(second.items.skipped == point.items);
  CHECK(tenant.present(target.mailbox.value, "Restored") == then);
}

TEST_CASE("a damaged mailbox is brought back in place", "[simulation]") {
  test::SimulatedTenant tenant{test::small_tenant_plan(22)};
  const backup::RunReport report = tenant.back_up();
  const store::Snapshot point = *report.mailboxes.at(0).snapshot;
  const test::Hashes then = tenant.present(point.mailbox_id);
  {
    auto world = tenant.simulator().world();
    simulator::damage(*world->find_mailbox(point.mailbox_id), 5, tenant.repository().clock().now());
  }
  REQUIRE(tenant.present(point.mailbox_id) != then);

  restore::RestoreTarget target = into_another(report.mailboxes.at(0));
  target.same_mailbox = true;
  target.in_place = true;
  restore::RestoreSettings settings;
  settings.on_conflict = restore::OnConflict::replace;
  check_green(tenant.restore(point, target, settings));
  CHECK(tenant.present(point.mailbox_id) == then);
}

TEST_CASE("no restored item is doubled or lost, whatever goes wrong", "[simulation]") {
  const auto life = GENERATE(range(std::uint64_t{0}, lives()));
  CAPTURE(life);
  test::SimulatedTenant tenant{test::small_tenant_plan(200 + life, 80)};
  const backup::RunReport report = tenant.back_up();
  const store::Snapshot point = *report.mailboxes.at(0).snapshot;
  const test::Hashes then = tenant.present(point.mailbox_id);
  const restore::RestoreTarget target = into_another(report.mailboxes.at(1));
  tenant.simulator().world()->faults.configure("all=0.02,lost_import_answer=0.2");
  tenant.restore(point, target);
  tenant.restore(point, target);
  tenant.simulator().world()->faults.clear();
  const RestoreReport last = tenant.restore(point, target);
  CHECK(last.items.failed == 0);
  CHECK(tenant.present(target.mailbox.value, "Restored") == then);
}

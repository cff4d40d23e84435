// A run after one that was killed: what that one had stored is not fetched again.
#include "src/backup/export_lanes.h"
#include "src/backup/mailbox_backup.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"
#include "tests/unit/backup/checked_report.h"

#include <algorithm>
#include <set>
#include <string>

namespace {

using backup::MailboxReport;
using Call = test::FakeMailboxService::Call;
using test::check_complete;
using test::check_counts;

constexpr std::uint64_t kBatch = backup::ExportLanes::kMostItems;

// A run that ends in the middle of its n-th export, with nothing committed.
std::set<std::string> kill_at_export(test::FakeTenant& tenant, int n) {
  tenant.service().forget_calls();
  std::stop_source killed;
  tenant.service().before_call = [&killed, left = n](Call call, const std::string&) mutable {
    if (call == Call::export_units && --left == 0) {
      killed.request_stop();
      throw base::Error{base::ErrorKind::cancelled, "the process is killed"};
    }
  };
  {
    const auto work = tenant.repository().repository().begin_work();
    backup::RunProgress progress;
    const backup::Collaborators with{tenant.service(), tenant.repository().repository(),
                                     tenant.repository().clock()};
    backup::RunSettings settings;
    settings.tenant = test::SmallRepository::kTenant;
    settings.lanes_per_mailbox = 1;
    static_cast<void>(backup::backup_mailbox(
        with, settings, tenant.mailbox(), progress, [] {}, killed.get_token()));
  }
  tenant.service().before_call = {};
  tenant.repository().reopen();
  const std::vector<std::string> exported = tenant.service().exported();
  return {exported.begin(), exported.end()};
}

}  // namespace

TEST_CASE("a run after a kill exports what the killed one had not", "[backup][resume]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(100);
  std::set<std::string> exported = kill_at_export(tenant, 3);
  REQUIRE(exported.size() == 2 * kBatch);
  for (const std::string& item : kill_at_export(tenant, 2)) {
    CHECK(exported.insert(item).second);
  }
  REQUIRE(exported.size() == 3 * kBatch);

  tenant.service().forget_calls();
  const MailboxReport report = tenant.back_up();

  check_complete(report);
  check_counts(report, {100, 100, 0, 0, 0});
  CHECK(tenant.stored() == tenant.present());
  CHECK(tenant.service().exported().size() == 100 - 3 * kBatch);
  for (const std::string& item : tenant.service().exported()) {
    CHECK(exported.insert(item).second);
  }
  // What this run fetched, and no more.
  CHECK(report.exported_bytes < report.snapshot->bytes);
  check_counts(tenant.back_up(), {100, 0, 100, 0, 0});
}

TEST_CASE("a version that changed after a kill is exported", "[backup][resume]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(40);
  const std::set<std::string> exported = kill_at_export(tenant, 2);
  REQUIRE(exported.size() == kBatch);
  const std::string changed = *exported.begin();
  const std::string gone = *std::next(exported.begin());
  tenant.service().put_item("inbox", changed, "another version");
  tenant.service().remove_item("inbox", gone);

  tenant.service().forget_calls();
  const MailboxReport report = tenant.back_up();

  check_complete(report);
  CHECK(tenant.stored() == tenant.present());
  const std::vector<std::string> again = tenant.service().exported();
  CHECK(again.size() == 40 - kBatch + 1);
  CHECK(std::ranges::count(again, changed) == 1);
}

TEST_CASE("an index that was lost after a kill costs exports, and nothing else",
          "[backup][resume]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(40);
  REQUIRE(kill_at_export(tenant, 2).size() == kBatch);
  tenant.repository().close();
  std::filesystem::remove_all(tenant.repository().settings().index);
  tenant.repository().reopen();

  tenant.service().forget_calls();
  check_complete(tenant.back_up());
  CHECK(tenant.stored() == tenant.present());
  CHECK(tenant.service().exported().size() == 40);
}

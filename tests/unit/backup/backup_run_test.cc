#include "src/backup/backup_run.h"

#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/fake_tenant.h"

namespace {

using backup::Outcome;
using backup::RunReport;
using base::Error;
using base::ErrorKind;
using Call = test::FakeMailboxService::Call;

// Mailboxes that all look the same: what differs is what becomes of them.
std::vector<backup::Mailbox> mailboxes(const test::FakeTenant& tenant, std::size_t count) {
  std::vector<backup::Mailbox> mailboxes;
  for (std::size_t i = 0; i < count; ++i) {
    backup::Mailbox mailbox = tenant.mailbox();
    mailbox.id = {base::text("MBX:", i)};
    mailbox.address = base::text("user", i, "@contoso.com");
    mailboxes.push_back(std::move(mailbox));
  }
  return mailboxes;
}

backup::RunSettings settings_of(std::size_t concurrent) {
  backup::RunSettings settings;
  settings.concurrent_mailboxes = concurrent;
  settings.lanes_per_mailbox = 2;
  return settings;
}

std::size_t with_outcome(const RunReport& report, Outcome outcome) {
  std::size_t count = 0;
  for (const backup::MailboxReport& mailbox : report.mailboxes)
    count += mailbox.outcome == outcome ? 1 : 0;
  return count;
}

std::size_t snapshots(test::FakeTenant& tenant) {
  return tenant.repository().repository().snapshots().size();
}

// Fails writes of packs or commit records from now on.
void fail_store(test::FakeTenant& tenant, ErrorKind kind, const std::string& prefix) {
  tenant.backend().set_hook(
      [kind, prefix](store::MemoryBackend::Operation operation, const std::string& name) {
        if (operation == store::MemoryBackend::Operation::put && name.starts_with(prefix)) {
          throw Error{kind, "the disk does not take any more"};
        }
      });
}

}  // namespace

TEST_CASE("many mailboxes are backed up side by side, each as if alone", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(30);
  const RunReport report = tenant.run(mailboxes(tenant, 12), settings_of(4));
  CHECK_FALSE(report.cancelled);
  CHECK_FALSE(report.stopped_by);
  REQUIRE(with_outcome(report, Outcome::complete) == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(report.mailboxes[i].mailbox_id == base::text("MBX:", i));
    REQUIRE(report.mailboxes[i].snapshot);
    CHECK(report.mailboxes[i].snapshot->roots == report.mailboxes[0].snapshot->roots);
  }
  CHECK(snapshots(tenant) == 12);
}

TEST_CASE("one mailbox at a time and many give the same roots", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(30);
  const RunReport alone = tenant.run(mailboxes(tenant, 3), settings_of(1));
  const RunReport together = tenant.run(mailboxes(tenant, 3), settings_of(3));
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(alone.mailboxes[i].snapshot->roots == together.mailboxes[i].snapshot->roots);
  }
}

TEST_CASE("a denied mailbox fails alone, a vanished one is skipped with the reason", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().before_call = [](Call call, const std::string& mailbox) {
    if (call != Call::folder_changes) return;
    if (mailbox == "MBX:1") throw Error{ErrorKind::denied, "MailboxFolder.Read.All is missing"};
    if (mailbox == "MBX:2") throw Error{ErrorKind::not_found, "the mailbox is inactive"};
  };
  const RunReport report = tenant.run(mailboxes(tenant, 4), settings_of(2));
  CHECK(with_outcome(report, Outcome::complete) == 2);
  CHECK_FALSE(report.stopped_by);
  CHECK((report.mailboxes[1].outcome == Outcome::failed));
  CHECK_THAT(report.mailboxes[1].problems.at(0).message,
             test::contains_text("MailboxFolder.Read.All"));
  CHECK((report.mailboxes[2].outcome == Outcome::skipped));
  CHECK_THAT(report.mailboxes[2].problems.at(0).message, test::contains_text("inactive"));
  for (const backup::MailboxReport& mailbox : report.mailboxes)
    CHECK(test::is_closed(mailbox.items));
}

TEST_CASE("a refused sign-in stops the run: no other mailbox would fare better", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().before_call = [](Call call, const std::string& mailbox) {
    if (call == Call::folder_changes && mailbox == "MBX:1") {
      throw graph::SignInRefused{"the secret has expired"};
    }
  };
  const RunReport report = tenant.run(mailboxes(tenant, 4), settings_of(1));
  REQUIRE(report.stopped_by);
  CHECK((report.stopped_by->kind() == ErrorKind::denied));
  CHECK_THAT(report.stopped_by->what(), test::contains_text("secret"));
  CHECK_FALSE(report.cancelled);
  CHECK((report.mailboxes[0].outcome == Outcome::complete));
  CHECK(report.mailboxes[0].snapshot);
  CHECK((report.mailboxes[1].outcome == Outcome::failed));
  CHECK((report.mailboxes[2].outcome == Outcome::skipped));
  CHECK(tenant.service().calls(Call::folder_changes) == 2);
}

TEST_CASE("an account that got a new mailbox is backed up from there at once", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.service().before_call = [](Call call, const std::string& mailbox) {
    if (call == Call::folder_changes && mailbox == "MBX:1") {
      throw Error{ErrorKind::not_found, "the mailbox is inactive"};
    }
  };
  struct NewMailbox final : graph::Directory {
    void users(const std::function<void(graph::User)>&, std::stop_token) override {}
    std::optional<graph::User> find_user(const std::string&, std::stop_token) override {
      return {};
    }
    std::vector<std::string> group_members(const std::string&, std::stop_token) override {
      return {};
    }
    std::uint64_t group_mailboxes(std::stop_token) override { return 0; }
    std::variant<graph::MailboxId, graph::NoMailbox> mailbox_of(const graph::User&,
                                                                std::stop_token) override {
      return graph::MailboxId{"MBX:new"};
    }
    std::variant<graph::MailboxPurpose, graph::NoMailbox> purpose_of(const graph::User&,
                                                                     std::stop_token) override {
      return graph::MailboxPurpose::user;
    }
  } directory;
  backup::RunSettings settings = settings_of(1);
  settings.tenant = test::SmallRepository::kTenant;
  backup::RunProgress progress;
  const RunReport report = backup::run_backup(
      {tenant.service(), tenant.repository().repository(), tenant.repository().clock(), &directory},
      settings, {tenant.mailbox()}, progress, {});
  CHECK((report.mailboxes[0].outcome == Outcome::complete));
  CHECK(report.mailboxes[0].mailbox_id == "MBX:new");
  CHECK(report.mailboxes[0].snapshot->mailbox_id == "MBX:new");
}

TEST_CASE("a full store stops the run and keeps what is committed", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  tenant.run(mailboxes(tenant, 2), settings_of(1));
  tenant.service().put_item("inbox", "item 1", "a new version");
  fail_store(tenant, ErrorKind::full, "pack/");
  const RunReport report = tenant.run(mailboxes(tenant, 3), settings_of(1));
  tenant.backend().set_hook({});
  REQUIRE(report.stopped_by);
  CHECK((report.stopped_by->kind() == ErrorKind::full));
  CHECK_FALSE(report.cancelled);
  CHECK(with_outcome(report, Outcome::complete) == 0);
  for (const backup::MailboxReport& mailbox : report.mailboxes) CHECK_FALSE(mailbox.snapshot);
  tenant.repository().reopen();
  CHECK(snapshots(tenant) == 2);
  const RunReport next = tenant.run(mailboxes(tenant, 3), settings_of(1));
  CHECK(with_outcome(next, Outcome::complete) == 3);
}

TEST_CASE("a commit that fails leaves no mailbox green", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  fail_store(tenant, ErrorKind::disk, "log/");
  const RunReport report = tenant.run(mailboxes(tenant, 2), settings_of(1));
  tenant.backend().set_hook({});
  REQUIRE(report.stopped_by);
  CHECK((report.stopped_by->kind() == ErrorKind::disk));
  CHECK(with_outcome(report, Outcome::failed) == 2);
  for (const backup::MailboxReport& mailbox : report.mailboxes) {
    CHECK_FALSE(mailbox.snapshot);
    CHECK(test::is_closed(mailbox.items));
  }
}

TEST_CASE("a stopped run keeps what is done, and a rerun goes on", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(100);
  std::stop_source stop;
  int exports = 0;
  tenant.service().before_call = [&](Call call, const std::string&) {
    if (call == Call::export_units && ++exports == 3) stop.request_stop();
  };
  const RunReport report = tenant.run(mailboxes(tenant, 3), settings_of(1), stop.get_token());
  tenant.service().before_call = nullptr;
  CHECK(report.cancelled);
  CHECK_FALSE(report.stopped_by);
  CHECK((report.mailboxes[0].outcome == Outcome::partial));
  REQUIRE(report.mailboxes[0].snapshot);
  CHECK_FALSE(report.mailboxes[0].snapshot->complete);
  CHECK(report.mailboxes[0].items.stored < 100);
  CHECK(report.mailboxes[0].items.stored > 0);
  CHECK(test::is_closed(report.mailboxes[0].items));
  CHECK((report.mailboxes[1].outcome == Outcome::skipped));
  CHECK((report.mailboxes[2].outcome == Outcome::skipped));

  const std::uint64_t done = report.mailboxes[0].items.stored;
  const RunReport next = tenant.run(mailboxes(tenant, 3), settings_of(1));
  CHECK(with_outcome(next, Outcome::complete) == 3);
  CHECK(next.mailboxes[0].items.stored == 100 - done);
}

TEST_CASE("finished mailboxes are committed in groups by their bytes", "[backup]") {
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  std::size_t seen_in_time = 0;
  tenant.service().before_call = [&](Call call, const std::string& mailbox) {
    if (call == Call::folder_changes && mailbox == "MBX:2") seen_in_time = snapshots(tenant);
  };
  backup::RunSettings settings = settings_of(1);
  settings.commit_bytes = 1;
  tenant.run(mailboxes(tenant, 3), settings);
  CHECK(seen_in_time == 2);

  test::FakeTenant patient;
  patient.fill_inbox(3);
  patient.service().before_call = [&](Call call, const std::string& mailbox) {
    if (call == Call::folder_changes && mailbox == "MBX:2") seen_in_time = snapshots(patient);
  };
  patient.run(mailboxes(patient, 3), settings_of(1));
  CHECK(seen_in_time == 0);
  CHECK(snapshots(patient) == 3);
}

TEST_CASE("each mailbox tells the time that it lost in this run", "[backup]") {
  using namespace std::chrono_literals;
  test::FakeTenant tenant;
  tenant.fill_inbox(3);
  auto& lost = tenant.service().lost_time;
  lost = {{"MBX:0", 10min}, {"MBX:1", 20min}};
  tenant.service().before_call = [&](Call call, const std::string& mailbox) {
    if (call == Call::folder_changes) lost[mailbox] += mailbox == "MBX:2" ? 90s : 5s;
  };
  const RunReport report = tenant.run(mailboxes(tenant, 3), settings_of(1));
  CHECK(report.mailboxes[0].throttled_time == 5s);
  CHECK(report.mailboxes[1].throttled_time == 5s);
  CHECK(report.mailboxes[2].throttled_time == 90s);

  // Nothing else is left of a mailbox that failed.
  tenant.service().before_call = [&](Call call, const std::string& mailbox) {
    if (call != Call::folder_changes) return;
    lost[mailbox] += 7s;
    throw Error{ErrorKind::unavailable, "the service stayed away"};
  };
  const RunReport failed = tenant.run(mailboxes(tenant, 1), settings_of(1));
  CHECK(failed.mailboxes[0].outcome == Outcome::failed);
  CHECK(failed.mailboxes[0].throttled_time == 7s);
}

TEST_CASE("a run of no mailboxes is a run", "[backup]") {
  test::FakeTenant tenant;
  const RunReport report = tenant.run({}, settings_of(4));
  CHECK(report.mailboxes.empty());
  CHECK_FALSE(report.stopped_by);
}

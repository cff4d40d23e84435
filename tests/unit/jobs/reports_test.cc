#include "src/base/error.h"
#include "src/jobs/backup_job.h"
#include "src/jobs/drill_job.h"
#include "src/jobs/protection.h"
#include "src/jobs/restore_job.h"
#include "src/jobs/store_records.h"
#include "tests/support/catch.h"

#include <string>
#include <vector>

namespace {

using backup::Outcome;
using base::ErrorKind;

backup::MailboxReport mailbox(Outcome outcome, const std::string& code = {}) {
  backup::MailboxReport report;
  report.address = "a@contoso.example";
  report.mailbox_id = "MBX:1";
  report.outcome = outcome;
  if (outcome == Outcome::complete) report.items = {9, 4, 5, 0, 0};
  if (outcome == Outcome::partial) report.items = {9, 4, 4, 0, 1};
  if (!code.empty())
    report.problems.push_back({"a@contoso.example", "Inbox", "", code, "why", "next"});
  return report;
}

struct BackupRow {
  std::string what;
  std::vector<backup::MailboxReport> mailboxes;
  bool cancelled;
  std::optional<ErrorKind> stopped_by;
  std::string status;
  int exit_status;
};

}  // namespace

TEST_CASE("a backup's status and exit status follow from its mailboxes", "[jobs][backup]") {
  backup::MailboxReport unbalanced = mailbox(Outcome::complete);
  unbalanced.items.listed = 10;
  const auto complete = mailbox(Outcome::complete);
  const auto partial = mailbox(Outcome::partial, "ErrorItemCorrupt");
  const auto failed = mailbox(Outcome::failed, "unavailable");
  const auto denied = mailbox(Outcome::failed, "denied");
  const auto half_denied = mailbox(Outcome::partial, "denied");
  const auto skipped = mailbox(Outcome::skipped, "MailboxNotEnabledForRESTAPI");
  const std::vector<BackupRow> table{
      {"all complete", {complete, complete}, false, {}, "complete", 0},
      {"skipped with a reason is not wrong", {complete, skipped}, false, {}, "complete", 0},
      {"an item failed", {complete, partial}, false, {}, "partial", 3},
      {"a mailbox failed", {complete, failed}, false, {}, "partial", 3},
      {"a mailbox was denied", {complete, denied}, false, {}, "partial", 3},
      {"an item went unaccounted for", {unbalanced}, false, {}, "partial", 3},
      {"every mailbox failed", {failed, denied}, false, {}, "failed", 1},
      {"every mailbox was denied", {denied, denied}, false, {}, "failed", 4},
      {"no mailbox could be exported", {half_denied, denied}, false, {}, "failed", 4},
      {"one mailbox could not be exported", {half_denied, complete}, false, {}, "partial", 3},
      {"interrupted", {complete}, true, {}, "partial", 130},
      {"interrupted at once", {}, true, {}, "failed", 130},
      {"store full later", {complete, failed}, false, ErrorKind::full, "partial", 14},
      {"store full at once", {failed}, false, ErrorKind::full, "failed", 14},
      {"sign-in refused", {failed}, false, ErrorKind::denied, "failed", 4},
  };
  for (const BackupRow& row : table) {
    CAPTURE(row.what);
    jobs::BackupReport report;
    report.mailboxes = row.mailboxes;
    report.cancelled = row.cancelled;
    if (row.stopped_by) report.stopped_by = base::Error{*row.stopped_by, "stopped"};
    CHECK(jobs::name(jobs::status(report)) == row.status);
    CHECK(jobs::number(jobs::exit_status(report)) == row.exit_status);
    CHECK(jobs::failure(report).has_value() == (row.exit_status != 0 && row.exit_status != 3));
  }
}

TEST_CASE("the backup summary has the fields that scripts know", "[jobs][backup]") {
  jobs::BackupReport report;
  report.job_id = "01j";
  report.took = std::chrono::milliseconds{1200};
  report.mailboxes = {mailbox(Outcome::complete), mailbox(Outcome::partial, "ErrorItemCorrupt")};
  report.mailboxes[0].exported_bytes = 100;
  report.mailboxes[0].new_bytes = 80;
  report.mailboxes[0].stored_bytes = 50;
  store::Snapshot snapshot;
  snapshot.id = "s1";
  snapshot.address = "a@contoso.example";
  snapshot.mailbox_id = "MBX:1";
  snapshot.time = base::from_milliseconds(1'795'399'200'000);
  snapshot.complete = true;
  snapshot.items = 9;
  report.mailboxes[0].snapshot = snapshot;
  report.service = {12, 1, 2, std::chrono::milliseconds{500}};

  CHECK(jobs::to_json(jobs::summary(report)) ==
        R"({"type":"summary","command":"backup","job_id":"01j","status":"partial","seconds":1.2,)"
        R"("mailboxes":{"complete":1,"partial":1,"failed":0,"skipped":0},)"
        R"("items":{"listed":18,"stored":8,"unchanged":9,"skipped":0,"failed":1},)"
        R"("bytes":{"exported":100,"new":80,"stored":50},)"
        R"("requests":{"total":12,"retried":1,"throttled":2},"throttled_seconds":0.5,)"
        R"("drift":null,)"
        R"("snapshots":[{"id":"s1","mailbox":"a@contoso.example","mailbox_id":"MBX:1",)"
        R"("time":"2026-11-23T02:00:00Z","complete":true,"items":9}],)"
        R"("problems":[{"mailbox":"a@contoso.example","folder":"Inbox","item":null,)"
        R"("code":"ErrorItemCorrupt","message":"why","next":"next"}]})");
}

TEST_CASE("a mailbox tells what it lost to throttling, and people hear of minutes",
          "[jobs][backup]") {
  using namespace std::chrono_literals;
  jobs::BackupReport report;
  for (const base::Duration lost :
       {base::Duration{60s}, base::Duration{61s}, base::Duration{1500ms}, base::Duration{2h}}) {
    report.mailboxes.push_back(mailbox(Outcome::complete));
    report.mailboxes.back().throttled_time = lost;
  }
  const auto records = jobs::mailbox_records(report);
  REQUIRE(records.size() == 4);
  CHECK_THAT(jobs::to_json(records[2]), test::contains_text(R"("throttled_seconds":1.5,)"));
  CHECK_THAT(jobs::to_json(records[3]), test::contains_text(R"("throttled_seconds":7200.0,)"));
  CHECK(jobs::throttled_mailboxes(report) ==
        std::vector<const backup::MailboxReport*>{&report.mailboxes[3], &report.mailboxes[1]});
}

TEST_CASE("accounts without a mailbox are skipped, and told with the reason", "[jobs][backup]") {
  jobs::BackupReport report;
  report.mailboxes = {mailbox(Outcome::complete)};
  report.unprotectable.push_back(
      {{}, "b@contoso.example", "MailboxNotEnabledForRESTAPI", "no mailbox", std::nullopt, {}});
  const auto records = jobs::mailbox_records(report);
  REQUIRE(records.size() == 2);
  CHECK_THAT(jobs::to_json(records[1]),
             test::contains_text(R"("status":"skipped","reason":"no mailbox")"));
  CHECK_THAT(jobs::to_json(jobs::summary(report)), test::contains_text(R"("skipped":1},"items")"));
}

TEST_CASE("a named mailbox that is not there is no success", "[jobs][backup]") {
  jobs::BackupReport report;
  report.mailboxes = {mailbox(Outcome::skipped)};
  report.mailboxes.front().failure = base::ErrorKind::not_found;
  CHECK(jobs::exit_status(report) == jobs::ExitStatus::done);
  report.of_named = true;
  CHECK(jobs::exit_status(report) == jobs::ExitStatus::not_found);
  report.mailboxes.push_back(mailbox(Outcome::complete));
  CHECK(jobs::exit_status(report) == jobs::ExitStatus::partial);
}

TEST_CASE("when all mailboxes failed of the same matter, that is the run's", "[jobs][backup]") {
  jobs::BackupReport report;
  report.mailboxes = {mailbox(Outcome::failed), mailbox(Outcome::failed)};
  for (auto& failed : report.mailboxes) failed.failure = base::ErrorKind::corrupt;
  CHECK(jobs::exit_status(report) == jobs::ExitStatus::corrupt);
  report.mailboxes.back().failure = base::ErrorKind::unavailable;
  CHECK(jobs::exit_status(report) == jobs::ExitStatus::failed);
}

TEST_CASE("a tenant that could not be looked through leaves a run partial, and is told",
          "[jobs][backup]") {
  jobs::BackupReport report;
  report.mailboxes = {mailbox(Outcome::complete)};
  report.failed_tenants.push_back({"fabrikam", {base::ErrorKind::denied, "the secret expired"}});
  CHECK(jobs::exit_status(report) == jobs::ExitStatus::partial);
  CHECK_THAT(jobs::to_json(jobs::summary(report)),
             test::contains_text("nothing of tenant 'fabrikam': the secret expired"));
}

TEST_CASE("protected is who has a policy and a complete restore point", "[jobs][protection]") {
  const store::TenantDomain tenant{"contoso"};
  const auto found_mailbox = [](const std::string& address, const std::string& policy) {
    backup::Mailbox mailbox;
    mailbox.address = address;
    mailbox.id = {"MBX:" + address};
    mailbox.purpose = graph::MailboxPurpose::shared;
    mailbox.policy = policy;
    return mailbox;
  };
  const auto point = [&](const std::string& address, bool complete, std::int64_t time) {
    store::Snapshot snapshot;
    snapshot.tenant = tenant;
    snapshot.mailbox_id = "MBX:" + address;
    snapshot.complete = complete;
    snapshot.time = base::from_milliseconds(time);
    return snapshot;
  };
  backup::Discovery found;
  found.mailboxes = {found_mailbox("d@x", "nightly"), found_mailbox("c@x", "nightly"),
                     found_mailbox("b@x", "nightly"), found_mailbox("a@x", "")};
  found.unprotectable.push_back({{}, "e@x", "ErrorInvalidUser", "is not known", std::nullopt, {}});
  store::Snapshot foreign = point("c@x", true, 9000);
  foreign.tenant = {"fabrikam"};
  const std::vector<store::Snapshot> points{point("d@x", true, 1000), point("d@x", false, 2000),
                                            point("c@x", false, 1000), point("a@x", true, 1000),
                                            foreign};

  const auto records = jobs::protection_records(tenant, found, points);

  REQUIRE(records.size() == 5);
  const std::vector<std::string> wanted{
      R"("last_good_backup":"1970-01-01T00:00:01Z","snapshots":1,"protected":false,"reason":"no policy selects it")",
      R"("last_good_backup":null,"snapshots":0,"protected":false,"reason":"not backed up yet")",
      R"("last_good_backup":null,"snapshots":1,"protected":false,"reason":"no complete backup yet")",
      R"("last_good_backup":"1970-01-01T00:00:01Z","snapshots":2,"protected":true,"reason":null)",
      R"x("protected":false,"reason":"is not known (ErrorInvalidUser)")x"};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CHECK_THAT(jobs::to_json(records[i]), test::contains_text(wanted[i]));
  }
  const auto newest = jobs::newest_points(points, tenant);
  CHECK(newest.size() == 3);
}

TEST_CASE("a restore is green only when everything was seen in the target", "[jobs][restore]") {
  jobs::RestoreJobReport job;
  job.report.items = {5, 3, 1, 1, 0, 4};
  CHECK(jobs::number(jobs::exit_status(job, false)) == 0);
  job.report.items.verified = 3;
  CHECK(jobs::number(jobs::exit_status(job, false)) == 3);
  CHECK(jobs::number(jobs::exit_status(job, true)) == 0);
  job.report.items = {5, 3, 1, 0, 1, 4};
  CHECK(jobs::number(jobs::exit_status(job, false)) == 3);
  job.report.items = {5, 0, 0, 0, 5, 0};
  CHECK(jobs::number(jobs::exit_status(job, false)) == 1);
  job.report.stopped_by = base::Error{ErrorKind::full, "the mailbox is full"};
  CHECK(jobs::number(jobs::exit_status(job, false)) == 1);  // 14 is said of the store
  job.report.stopped_by = base::Error{ErrorKind::denied, "no right"};
  CHECK(jobs::number(jobs::exit_status(job, false)) == 4);
  job.report.cancelled = true;
  CHECK(jobs::number(jobs::exit_status(job, false)) == 130);
}

TEST_CASE("the least time of a restore follows from the service's upload limit",
          "[jobs][restore]") {
  CHECK(jobs::least_upload_time(0) == base::Duration{0});
  CHECK(jobs::least_upload_time(112'500'000) == base::Duration{0});
  CHECK(jobs::least_upload_time(225'000'000) == std::chrono::minutes{5});
  const base::Duration ten_gigabytes = jobs::least_upload_time(10'000'000'000);
  CHECK(ten_gigabytes > std::chrono::hours{7});
  CHECK(ten_gigabytes < std::chrono::hours{8});
}

TEST_CASE("a restore that never began has the same fields", "[jobs][restore]") {
  const std::string summary = jobs::to_json(jobs::restore_summary_of_none());
  CHECK_THAT(
      summary,
      test::contains_text(
          R"("items":{"selected":0,"restored":0,"skipped":0,"replaced":0,"failed":0,"untried":0,"verified":0})"));
  CHECK_THAT(summary, test::contains_text(R"("target":null)"));
  CHECK_THAT(summary, test::contains_text(R"("folders":{"created":0,"reused":0})"));
}

TEST_CASE("damage found is exit status 13, with what is affected", "[jobs][check]") {
  store::CheckReport report;
  report.packs = 2;
  report.chunks = 7;
  report.packs_without_parity = 1;
  report.packs_left = 3;
  report.rescued_chunks = 4;
  CHECK(jobs::number(jobs::exit_status(report)) == 0);
  report.errors = {"chunk 1 fails its checksum"};
  report.affected = {{"a@x", "Inbox", "id1", {"s1", "s2"}}};
  CHECK(jobs::number(jobs::exit_status(report)) == 13);
  const std::string summary =
      jobs::to_json(jobs::check_summary(report, store::CheckLevel::full, 1.5));
  CHECK_THAT(
      summary,
      test::contains_text(
          R"("packs":2,"chunks":7,"bytes_read":0,"errors":1,"healed":0,)"
          R"("affected":[{"mailbox":"a@x","folder":"Inbox","item":"id1","snapshots":["s1","s2"]}],)"
          R"("packs_without_parity":1,"packs_left":3,"rescued_chunks":4})"));
  report.errors.clear();
  report.affected.clear();
  report.healed = 2;
  CHECK(jobs::number(jobs::exit_status(report)) == 0);
  CHECK_THAT(jobs::to_json(jobs::check_summary(report, store::CheckLevel::scrub, 1.5)),
             test::contains_text(R"("level":"scrub","status":"complete")"));
}

TEST_CASE("an item that could not be restored is exit status 13, interrupted or not",
          "[jobs][drill]") {
  const restore::DrillSettings settings{.items = 20, .seed = 9};
  restore::DrillReport report;
  report.available = 100;
  report.chosen = 3;
  report.verified = 2;
  report.mailboxes = 2;
  report.points = 3;
  report.stream_bytes = 300;
  report.body_bytes = 500;
  CHECK(jobs::number(jobs::exit_status(report)) == 0);
  CHECK_THAT(
      jobs::to_json(jobs::drill_summary(report, settings, 1.5)),
      test::contains_text(
          R"("command":"drill","status":"complete","seconds":1.5,"seed":9,"items":{"requested":20,)"
          R"("available":100,"chosen":3,"verified":2,"failed":0},"mailboxes":2,"snapshots":3,)"
          R"("bytes":{"streams":300,"bodies":500},"problems":[]})"));
  report.cancelled = true;
  CHECK(jobs::number(jobs::exit_status(report)) == 130);
  restore::DrilledItem failed;
  failed.mailbox = "a@x";
  failed.snapshot = "s1";
  failed.folder = "Inbox";
  failed.failure = base::Error{ErrorKind::protocol, "no base64"};
  report.failures = {failed};
  report.cancelled = false;
  CHECK(jobs::number(jobs::exit_status(report)) == 3);
  failed.failure = base::Error{ErrorKind::corrupt, "fails its checksum"};
  report.failures = {failed};
  report.cancelled = GENERATE(false, true);
  CHECK(jobs::number(jobs::exit_status(report)) == 13);
  const std::string summary = jobs::to_json(jobs::drill_summary(report, settings, 1.5));
  CHECK_THAT(summary, test::contains_text(R"("status":"partial")"));
  CHECK_THAT(summary, test::contains_text(
                          R"("problems":[{"mailbox":"a@x","snapshot":"s1","folder":"Inbox",)"
                          R"("item":null,"code":"corrupt","message":"fails its checksum",)"));
}

TEST_CASE("a copy that left something out is exit status 3, and tells what", "[jobs][copy]") {
  store::CopyReport report;
  report.created = true;
  report.packs = 2;
  report.chunks = 7;
  report.bytes = 9;
  report.snapshots = 3;
  report.skipped = 4;
  CHECK(jobs::number(jobs::exit_status(report)) == 0);
  CHECK_THAT(jobs::to_json(jobs::copy_summary(report, 1.5)),
             test::contains_text(
                 R"("command":"copy","status":"complete","seconds":1.5,"created":true,"packs":2,)"
                 R"("chunks":7,"bytes":9,"snapshots":3,"skipped":4,"holds":0,"problems":[]})"));
  report.problems = {{"s1", "a@x", "damaged"}, {"", "", "a key slot"}};
  CHECK(jobs::number(jobs::exit_status(report)) == 3);
  const std::string partial = jobs::to_json(jobs::copy_summary(report, 1.5));
  CHECK_THAT(partial, test::contains_text(R"("status":"partial")"));
  CHECK_THAT(partial,
             test::contains_text(R"([{"snapshot":"s1","mailbox":"a@x","message":"damaged"},)"
                                 R"({"snapshot":null,"mailbox":null,"message":"a key slot"}])"));
}

TEST_CASE("factors are null as long as there is nothing to divide by", "[jobs][stats]") {
  store::StoreStatistics figures;
  CHECK_THAT(jobs::to_json(jobs::stats_record(figures)),
             test::contains_text(R"("dedup_factor":null,"compression_factor":null)"));
  figures.logical_bytes = 300;
  figures.unique_bytes = 100;
  figures.stored_bytes = 40;
  CHECK_THAT(jobs::to_json(jobs::stats_record(figures)),
             test::contains_text(R"("dedup_factor":3.0,"compression_factor":2.5)"));
}

#include "src/daemon/views.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/jobs/audit_log.h"
#include "tests/support/catch.h"
#include "tests/unit/daemon/views_fixture.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

using nlohmann::json;
using std::chrono::hours;
using test::all_pages;
using test::ViewsFixture;

const web::Person kAnn{"ann", web::Role::admin, "10.0.0.7"};

json parsed(const std::string& text) { return json::parse(text); }

std::vector<std::string> members(const json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

void check_has(const json& object, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(object.contains(name));
  }
}

template <typename Act>
base::ErrorKind kind_of(Act act) {
  try {
    act();
  } catch (const base::Error& error) {
    return error.kind();
  }
  FAIL("nothing was refused");
  return {};
}

}  // namespace

// As many as take several nodes of a tree.
constexpr std::size_t kMany = 2000;

TEST_CASE("a folder is browsed a page at a time, subfolders first", "[daemon][views]") {
  ViewsFixture at;
  at.back_up("ann", kMany);
  web::ItemQuery query;
  query.mailbox = "MBX:ann";
  query.folder = "Inbox";
  for (const std::size_t limit : {std::size_t{1}, std::size_t{99}, kMany}) {
    CAPTURE(limit);
    const auto records = all_pages(limit, [&](const web::PageRequest& page) {
      query.page = page;
      const web::Page listed = at.views().items(query);
      CHECK(listed.records.size() <= limit);
      CHECK(listed.total == 1801);
      return listed;
    });
    REQUIRE(records.size() == 1801);
    const json folder = parsed(records.front());
    CHECK(folder["type"] == "folder");
    CHECK(folder["path"] == "Inbox/b folder");
    CHECK(folder["items"] == 200);
    std::set<std::string> ids;
    for (auto next = records.begin() + 1; next != records.end(); ++next) {
      const json item = parsed(*next);
      CHECK(item["folder"] == "Inbox");
      CHECK_FALSE(item["subject"].is_null());
      ids.insert(item["id"].get<std::string>());
    }
    CHECK(ids.size() == 1800);
  }
}

TEST_CASE("the root of a mailbox shows its folders with their items counted", "[daemon][views]") {
  ViewsFixture at;
  at.back_up("ann", 60);
  web::ItemQuery query;
  query.mailbox = "ann@contoso.com";
  const web::Page page = at.views().items(query);
  REQUIRE(page.records.size() == 2);
  CHECK(parsed(page.records[0])["path"] == "Inbox");
  CHECK(parsed(page.records[0])["items"] == 54);
  CHECK(parsed(page.records[1])["items"] == 0);
  CHECK_FALSE(page.next);
  query.folder = "Nowhere";
  CHECK(kind_of([&] { static_cast<void>(at.views().items(query)); }) == base::ErrorKind::not_found);
  query.folder.clear();
  query.page.after = "nonsense";
  CHECK(kind_of([&] { static_cast<void>(at.views().items(query)); }) == base::ErrorKind::usage);
}

TEST_CASE("a search goes through the whole restore point", "[daemon][views]") {
  ViewsFixture at;
  at.back_up("ann", 60);
  web::ItemQuery query;
  query.mailbox = "MBX:ann";
  query.subject = "ODD";
  for (const std::size_t limit : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    CAPTURE(limit);
    const auto found = all_pages(limit, [&](const web::PageRequest& page) {
      query.page = page;
      return at.views().items(query);
    });
    CHECK(found.size() == 30);
    CHECK(std::set(found.begin(), found.end()).size() == 30);
  }
}

TEST_CASE("the store can be lent after somebody has looked around", "[daemon][views]") {
  ViewsFixture at;
  at.back_up("ann", 3);
  web::ItemQuery query;
  query.mailbox = "MBX:ann";
  static_cast<void>(at.views().items(query));
  static_cast<void>(at.views().status());
  std::stop_source stop;
  const base::Duration before = at.clock().slept();
  CHECK(at.resources().lend_store(stop.get_token()) != nullptr);
  CHECK(at.clock().slept() == before);  // nobody was waited for
}

TEST_CASE("what was known is told while the store is away, and what came since afterwards",
          "[daemon][views]") {
  ViewsFixture at;
  at.back_up("ann", 3);
  const auto total = [&] { return parsed(at.views().status())["store"]["snapshots"]; };
  const auto known = at.census().mailboxes();
  CHECK(total() == 1);
  {
    const auto lent = at.resources().lend_store({});
    CHECK_THROWS_AS(at.census().refresh(), base::Error);
    CHECK_THROWS_AS(at.views().measure(), base::Error);
    CHECK(at.census().mailboxes()->size() == known->size());
    CHECK(at.census().mailboxes()->front().snapshots == 1);
    CHECK(total() == 1);
  }
  at.back_up("ann", 4);  // and the census is told
  CHECK(total() == 1);   // nobody has looked at the sizes
  static_cast<void>(at.views().measure());
  CHECK(total() == 2);
  CHECK(at.census().mailboxes()->front().snapshots == 2);
  CHECK(known->front().snapshots == 1);  // readers of an older list keep it
}

TEST_CASE("mailboxes are told with their states, and filtered", "[daemon][views]") {
  ViewsFixture at;
  for (const char* name : {"ann", "bob", "cleo", "dan"}) at.back_up(name, 2);
  at.clock().advance(hours{46});  // ann's and bob's become too old
  const auto with = [](std::string web::MailboxQuery::*field, const std::string& value) {
    web::MailboxQuery query;
    query.*field = value;
    return query;
  };
  const auto names = [&](const web::MailboxQuery& asked, std::size_t limit) {
    return all_pages(limit, [&](const web::PageRequest& page) {
      web::MailboxQuery query = asked;
      query.page = page;
      return at.views().mailboxes(query);
    });
  };
  const auto all = names({}, 3);
  REQUIRE(all.size() == 4);
  check_has(parsed(all[0]),
            {"type", "mailbox_id", "address", "display_name", "tenant", "purpose", "policy",
             "state", "reason", "last_good_backup", "age_seconds", "promised_seconds", "snapshots",
             "items", "bytes", "held", "protected"});
  CHECK(parsed(all[0])["state"] == "at_risk");
  CHECK(parsed(all[3])["state"] == "protected");
  CHECK(names(with(&web::MailboxQuery::state, "at_risk"), 1).size() == 1);
  CHECK(names(with(&web::MailboxQuery::search, "NAME OF C"), 1).size() == 1);
  CHECK(names(with(&web::MailboxQuery::policy, "weekly"), 1).empty());
  CHECK(names(with(&web::MailboxQuery::reason, "its last good backup is older than promised"), 9)
            .size() == 1);
}

TEST_CASE("one mailbox is told with its nights, holds and problems", "[daemon][views]") {
  ViewsFixture at;
  const auto first = at.back_up("ann", 2);
  const auto second = at.back_up("ann", 3);
  const json hold =
      parsed(at.views().add_hold(kAnn, {{"subject", "ann@contoso.com"}, {"reason", "case 7"}}));
  at.add_job("backup", jobs::JobEnd::partial,
             {{{"type", "summary"},
               {"command", "backup"},
               {"problems", jobs::Value::List{
                                jobs::Record{{"mailbox", "ann@contoso.com"}, {"message", "no"}},
                                jobs::Record{{"mailbox", "bob@contoso.com"}, {"message", "x"}}}}}});
  const json ann = parsed(at.views().mailbox("ANN@contoso.com"));
  REQUIRE(ann["nights"].size() == 2);
  CHECK(ann["nights"][0]["id"] == first.id);
  CHECK(ann["nights"][1]["id"] == second.id);
  CHECK(ann["nights"][1]["held"] == true);
  CHECK(ann["holds"][0]["id"] == hold["id"]);
  REQUIRE(ann["problems"].size() == 1);
  CHECK(ann["problems"][0]["message"] == "no");
  CHECK(ann["held"] == true);
  at.views().remove_hold(kAnn, hold["id"].get<std::string>(), {{"reason", "closed"}});
  CHECK(at.views().holds().records.empty());
  CHECK(kind_of([&] { static_cast<void>(at.views().mailbox("nobody")); }) ==
        base::ErrorKind::not_found);
}

TEST_CASE("restore points are listed newest first", "[daemon][views]") {
  ViewsFixture at;
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.insert(ids.begin(), at.back_up("ann", 1).id);
    ids.insert(ids.begin(), at.back_up("bob", 1).id);
  }
  std::vector<std::string> told;
  for (const std::string& record :
       all_pages(4, [&](const web::PageRequest& page) { return at.views().snapshots("", page); })) {
    told.push_back(parsed(record)["id"].get<std::string>());
  }
  CHECK(told == ids);
  CHECK(at.views().snapshots("bob@contoso.com", {}).records.size() == 3);
}

TEST_CASE("the audit log is told from its end", "[daemon][views]") {
  ViewsFixture at;
  for (int i = 0; i < 5; ++i) {
    at.clock().advance(hours{1});
    at.views().note_login({base::text("p", i), web::Role::viewer, "::1"}, i == 4 ? "no" : "");
  }
  const auto entries =
      all_pages(2, [&](const web::PageRequest& page) { return at.views().audit("", page); });
  REQUIRE(entries.size() == 5);
  CHECK(parsed(entries[0])["by"]["user"] == "p4");
  CHECK(parsed(entries[0])["result"] == "failed");
  CHECK(parsed(entries[0])["by"]["host"] == "::1");
  CHECK(parsed(entries[4])["sequence"] == 1);
  const std::string since = base::format_rfc3339(at.clock().now() - hours{1});
  CHECK(at.views().audit(since, {}).records.size() == 2);
  CHECK(kind_of([&] { static_cast<void>(at.views().audit("yesterday", {})); }) ==
        base::ErrorKind::usage);
}

TEST_CASE("a restore is ordered for the restore point of that moment", "[daemon][views]") {
  ViewsFixture at;
  const auto point = at.back_up("ann", 2);
  const json job = parsed(at.views().start_job(
      kAnn, {{"command", "restore"}, {"mailbox", "MBX:ann"}, {"reason", "ticket 7"}}));
  CHECK(job["by"] == "ann");
  CHECK(job["reason"] == "ticket 7");
  CHECK(job["state"] == "queued");
  CHECK(job["mailbox"] == "ann@contoso.com");
  CHECK(job["title"] == "Title of ann@contoso.com");
  CHECK(job["arguments"].dump().find("--at=" + point.id) != std::string::npos);
  CHECK(
      kind_of([&] {
        at.views().start_job(kAnn, {{"command", "restore"}, {"mailbox", "zoe"}, {"reason", "why"}});
      }) == base::ErrorKind::not_found);
  const json cancelled = parsed(at.views().cancel_job(kAnn, job["id"].get<std::string>()));
  CHECK(cancelled["status"] == "cancelled");
  CHECK(parsed(at.views().audit("", {}).records.front())["action"] == "cancel");
}

TEST_CASE("jobs and what they told are paged", "[daemon][views]") {
  ViewsFixture at;
  std::vector<jobs::Record> told;
  for (int i = 0; i < 25; ++i) {
    told.push_back({{"type", i % 5 == 0 ? "mailbox" : "item"}, {"number", i}});
  }
  const jobs::Job job = at.add_job("backup", jobs::JobEnd::complete, told);
  for (int i = 0; i < 4; ++i) at.add_job("check", jobs::JobEnd::complete, {});
  CHECK(all_pages(2, [&](const web::PageRequest& page) {
          return at.views().jobs({"", "", page});
        }).size() == 5);
  CHECK(at.views().jobs({"ended", "check", {}}).records.size() == 4);
  const auto records = [&](const std::string& type, std::size_t limit) {
    return all_pages(limit, [&](const web::PageRequest& page) {
      return at.views().job_records(job.id, type, page);
    });
  };
  CHECK(records("", 10).size() == 25);
  CHECK(records("", 5).size() == 25);
  CHECK(records("mailbox", 2).size() == 5);
  CHECK(parsed(records("item", 3).back())["number"] == 24);
  jobs::Value::List problems;
  for (int i = 0; i < 7; ++i) problems.emplace_back(jobs::Record{{"item", i}, {"message", "no"}});
  const jobs::Job partial = at.add_job(
      "backup", jobs::JobEnd::partial,
      {{{"type", "item"}}, {{"type", "summary"}, {"problems", problems}}, {{"type", "item"}}});
  for (const std::size_t limit : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    CAPTURE(limit);
    const auto told_of = [&](const std::string& type) {
      return all_pages(limit, [&](const web::PageRequest& page) {
        return at.views().job_records(partial.id, type, page);
      });
    };
    const auto its = told_of("problem");
    REQUIRE(its.size() == 7);
    CHECK(parsed(its[6])["item"] == 6);
    CHECK(told_of("").size() == 10);
    CHECK(told_of("item").size() == 2);
  }
  std::string report;
  const web::TextSource source = at.views().job_report(job.id);
  while (const auto piece = source()) report += *piece;
  CHECK(std::ranges::count(report, '\n') == 25);
  CHECK(kind_of([&] { static_cast<void>(at.views().job("01zzz")); }) == base::ErrorKind::not_found);
}

TEST_CASE("the status has all that the overview shows", "[daemon][views]") {
  ViewsFixture at;
  at.back_up("ann", 2);
  at.add_job("backup", jobs::JobEnd::complete,
             {{{"type", "summary"}, {"command", "backup"}, {"throttled_seconds", 12.5}}});
  at.alerts = {{{"type", "alert"}, {"id", "1"}, {"closed", nullptr}}};
  const json status = parsed(at.views().status());
  check_has(status, {"type", "time", "version", "state", "sentence", "action", "mailboxes",
                     "discovered", "oldest", "last_run", "running", "next_runs", "store",
                     "throttled", "verification", "alerts_open"});
  CHECK(status["mailboxes"]["protected"] == 1);
  CHECK(status["mailboxes"]["total"] == 1);
  CHECK(status["oldest"]["mailbox"] == "ann@contoso.com");
  CHECK(status["throttled"]["week_seconds"] == 12.5);
  CHECK(status["throttled"]["last_run_seconds"] == 12.5);
  CHECK(status["next_runs"][0]["policy"] == "nightly");
  CHECK(status["next_runs"][1]["command"] == "check");
  CHECK(status["store"]["snapshots"] == 1);
  CHECK(status["store"]["free_bytes"] > 0);
  CHECK(status["verification"]["oldest_unverified_seconds"] == 0.0);
  CHECK(status["alerts_open"] == 1);
  at.upkeep.errors = 3;
  CHECK(parsed(at.views().status())["state"] == "bad");
}

TEST_CASE("the store is told with its trend and copies", "[daemon][views]") {
  ViewsFixture at;
  at.back_up("ann", 2);
  at.trend().add(at.views().measure());
  jobs::Job copy = at.add_job("copy", jobs::JobEnd::complete, {{{"snapshots", 4}}});
  const json storage = parsed(at.views().storage());
  check_has(storage["now"], {"stored_bytes", "packs", "chunks", "mailboxes", "full_on"});
  REQUIRE(storage["trend"].size() == 1);
  CHECK(storage["trend"][0]["snapshots"] == 1);
  REQUIRE(storage["copies"].size() == 1);
  CHECK(storage["copies"][0]["snapshots"] == 4);
}

TEST_CASE("retention is simulated with other rules and for days to come", "[daemon][views]") {
  ViewsFixture at;
  for (int i = 0; i < 4; ++i) at.back_up("ann", 1);
  const json own = parsed(at.views().simulate_retention("nightly", {}));
  CHECK(own["rules"] == json{{"keep_last", 2}});
  CHECK(own["points"] == 4);
  CHECK(own["kept"] == 2);
  CHECK(own["removed"] == 2);
  CHECK(own["freed_bytes"].is_null());
  CHECK(own["examples"].size() == 4);
  REQUIRE(own["removed_by_day"].size() == 400);
  CHECK(own["removed_by_day"][0]["removed"] == 2);
  CHECK(own["removed_by_day"][1]["removed"] == 1);  // a new one comes, the oldest goes
  const json other = parsed(at.views().simulate_retention("", {{"keep_within", "3d"}}));
  CHECK(other["rules"] == json{{"keep_within", "3d"}});
  CHECK(other["removed"] == 0);
  CHECK(kind_of([&] {
          static_cast<void>(at.views().simulate_retention("", {{"keep_lst", std::uint64_t{1}}}));
        }) == base::ErrorKind::usage);
}

TEST_CASE("settings tell every table and no secret", "[daemon][views]") {
  ViewsFixture at;
  const std::string text = at.views().settings();
  CHECK(text.find("secret-token") == std::string::npos);
  CHECK(text.find("correct horse") == std::string::npos);
  CHECK_THAT(text, test::contains_text("https://chat.example"));
  std::set<std::string> names;
  const json settings = parsed(text);
  for (const json& table : settings["tables"]) names.insert(table["name"].get<std::string>());
  CHECK(names == std::set<std::string>{"store", "tenant.contoso", "tenant.contoso.backup_app",
                                       "policy.nightly", "policy.nightly.retention", "limits",
                                       "web", "alerts", "service"});
}

TEST_CASE("metrics have the names that dashboards know", "[daemon][views]") {
  ViewsFixture at;
  at.back_up("ann", 2);
  at.counters().request(graph::Operation::list_folders, 429);
  at.counters().job_ended(at.add_job(
      "backup", jobs::JobEnd::complete,
      {{{"type", "summary"}, {"throttled_seconds", 2.5}, {"items", jobs::Record{{"stored", 7}}}}}));
  const std::string text = at.views().metrics();
  for (const char* line :
       {"coffer_backup_last_success_timestamp_seconds{mailbox_type=\"user\",policy=\"nightly\"}",
        "coffer_mailboxes{state=\"protected\"} 1", "coffer_items_total{result=\"stored\"} 7",
        "coffer_graph_requests_total{operation=\"listing_folders\",status=\"429\"} 1",
        "coffer_throttled_seconds_total 2.5", "coffer_store_bytes{kind=\"stored\"}",
        "coffer_dedup_ratio", "coffer_jobs{state=\"queued\"} 0", "coffer_check_errors_total 0",
        "coffer_oldest_unverified_seconds"}) {
    CHECK_THAT(text, test::contains_text(line));
  }
}

TEST_CASE("a test alert tells whom it reached", "[daemon][views]") {
  ViewsFixture at;
  const json sent = parsed(at.views().send_test_alert(kAnn));
  CHECK(members(sent) == std::vector<std::string>{"sent", "type"});
  CHECK(sent["sent"][0]["to"] == "admins@contoso.com");
}

TEST_CASE("a rehearsed restore is told how long it will take, by those that were made",
          "[daemon][views]") {
  ViewsFixture at;
  const jobs::Record planned{
      {"bytes", 8'000'000}, {"least_seconds", 16.0}, {"expected_seconds", nullptr}};
  const jobs::Job rehearsal =
      at.add_job("restore", jobs::JobEnd::complete,
                 {{{"dry_run", true}, {"seconds", 1.0}, {"planned", planned}}});
  const auto expected = [&] {
    return parsed(at.views().job(rehearsal.id))["summary"]["planned"]["expected_seconds"];
  };
  CHECK(expected().is_null());
  at.add_job("restore", jobs::JobEnd::complete,
             {{{"dry_run", false}, {"bytes_sent", 9'000}, {"seconds", 900.0}}});  // tells nothing
  CHECK(expected().is_null());
  at.add_job("restore", jobs::JobEnd::complete,
             {{{"dry_run", false}, {"bytes_sent", 3'000'000}, {"seconds", 10.0}}});
  at.add_job("restore", jobs::JobEnd::partial,
             {{{"dry_run", false}, {"bytes_sent", 1'000'000}, {"seconds", 10.0}}});
  CHECK(expected() == 40.0);
  at.add_job("restore", jobs::JobEnd::complete,
             {{{"dry_run", false}, {"bytes_sent", 96'000'000}, {"seconds", 5.0}}});
  CHECK(expected() == 16.0);  // never less than the service allows
}

TEST_CASE("what holds a job up is said only where it can be seen", "[daemon][views]") {
  using appliance::bottleneck;
  using appliance::WorkSample;
  using std::chrono::seconds;
  const WorkSample start{seconds{100}, seconds{5}, seconds{9}, seconds{3}};
  const auto after = [&](int throttled, int processor, int store, bool uses_service) {
    const WorkSample now{seconds{110}, seconds{5 + throttled}, seconds{9 + processor},
                         seconds{3 + store}};
    return bottleneck(start, now, 2, uses_service).value_or("nothing");
  };
  CHECK(after(1, 0, 0, true) == "throttling");
  CHECK(after(0, 18, 9, true) == "processor");
  CHECK(after(0, 3, 6, true) == "store");
  CHECK(after(0, 3, 6, false) == "store");
  CHECK(after(0, 3, 1, true) == "service");
  CHECK(after(0, 3, 1, false) == "nothing");
  CHECK_FALSE(bottleneck(start, start, 2, true));
}

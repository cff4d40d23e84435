// Alerts as they arrive: at a webhook's server and at a mail server.
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/daemon/alert_desk.h"
#include "tests/e2e/appliance.h"
#include "tests/e2e/receivers.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <map>
#include <set>

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::Json;

constexpr const char* kStore = "[store]\nurl = \"store\"\npassphrase_file = \"passphrase\"\n";

// Only a configuration: the command needs neither a store nor a tenant.
struct Program {
  explicit Program(const std::filesystem::path& folder) : directory(folder) {
    test::write_private_file(directory / "password", "pass word\n");
  }

  [[nodiscard]] test::Finished run(const std::string& alerts, bool as_json = true) const {
    test::write_private_file(directory / "coffer.toml", base::text(kStore, alerts));
    std::vector<std::string> words{test::coffer_program(), "--config",
                                   (directory / "coffer.toml").string(), "alert", "test"};
    if (as_json) words.emplace_back("--json");
    return test::run({words, {}});
  }
  [[nodiscard]] test::Told tell(const std::string& alerts) const {
    const test::Finished finished = run(alerts);
    return {finished.exit_status, test::records_of(finished.output), finished.errors};
  }

  std::filesystem::path directory;
};

std::vector<Json> by(const std::vector<Json>& all, const std::string& who) {
  std::vector<Json> chosen;
  for (const Json& each : all) {
    if (each.at("by") == who) chosen.push_back(each);
  }
  return chosen;
}

void check_card(const Json& body) {
  CHECK(body.at("type") == "message");
  REQUIRE(body.at("attachments").size() == 1);
  const Json& attachment = body.at("attachments")[0];
  CHECK(attachment.at("contentType") == "application/vnd.microsoft.card.adaptive");
  CHECK(attachment.at("content").at("type") == "AdaptiveCard");
  CHECK(attachment.at("content").at("body").size() >= 3);
}

}  // namespace

TEST_CASE("a test alert arrives at a webhook and in a mailbox", "[e2e][alerts]") {
  test::TemporaryDirectory directory;
  const Program program{directory.path()};
  test::Receivers receivers{{}};
  const std::string alerts =
      base::text("[alerts]\nwebhook = [\"", receivers.webhook("/hook?key=hidden"),
                 "\"]\nsmtp = \"smtp://127.0.0.1:", receivers.smtp_port(),
                 "\"\nmail_to = [\"admins@contoso.example\", \"boss@contoso.example\"]\n");
  const test::Told told = program.tell(alerts);
  CHECK(told.exit_status == 0);
  REQUIRE(told.of_type("sent").size() == 3);
  for (const Json& sent : told.of_type("sent")) CHECK(sent.at("problem").is_null());
  CHECK(told.summary().at("command") == "alert test");
  CHECK(told.summary().at("status") == "complete");
  CHECK(told.summary().at("taken") == 3);

  const std::vector<Json> received = receivers.received();
  CHECK(received.size() == 3);
  const auto posts = by(received, "webhook");
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].at("path") == "/hook?key=hidden");
  CHECK(posts[0].at("type") == "application/json");
  const Json& body = posts[0].at("body");
  CHECK(body.at("event") == "test");
  CHECK(body.at("alert").at("kind") == "test");
  CHECK(body.at("alert").at("subject") == "This is a test alert");
  check_card(body);

  const auto mails = by(received, "mail");
  REQUIRE(mails.size() == 2);
  CHECK(mails[0].at("to") == Json{"admins@contoso.example"});
  CHECK(mails[1].at("to") == Json{"boss@contoso.example"});
  CHECK(mails[0].at("defects").empty());
  CHECK(mails[0].at("headers").at("subject") == "[coffer] This is a test alert");
  CHECK(mails[0].at("headers").at("from") ==
        base::text("coffer <", mails[0].at("from").get<std::string>(), ">"));
  CHECK_THAT(mails[0].at("text").get<std::string>(), test::contains_text("Nothing is wrong."));

  const test::Finished shown = program.run(alerts, false);
  CHECK(shown.exit_status == 0);
  CHECK_THAT(shown.output, test::contains_text("taken    admins@contoso.example"));
  CHECK_THAT(shown.output + shown.errors, !test::contains_text("hidden"));
}

TEST_CASE("what a test alert says of receivers that fail", "[e2e][alerts]") {
  test::TemporaryDirectory directory;
  const Program program{directory.path()};
  test::Receivers receivers{{}};

  const test::Told partial = program.tell(base::text(
      "[alerts]\nwebhook = [\"", receivers.webhook(), "\", \"", receivers.webhook("/status/500"),
      "\", \"", receivers.webhook("/redirect"), "\", \"", receivers.webhook("/undelivered"),
      "\"]\nsmtp = \"smtp://127.0.0.1:", receivers.smtp_port(),
      "\"\nmail_to = [\"nobody@contoso.example\"]\n"));
  CHECK(partial.exit_status == 3);
  CHECK(partial.summary().at("status") == "partial");
  CHECK(partial.summary().at("taken") == 1);
  CHECK(partial.summary().at("failed") == 4);
  const std::vector<Json> sent = partial.of_type("sent");
  REQUIRE(sent.size() == 5);
  CHECK(sent[0].at("problem").is_null());
  CHECK_THAT(sent[1].at("problem").get<std::string>(), test::contains_text("answered 500"));
  CHECK_THAT(sent[2].at("problem").get<std::string>(), test::contains_text("not followed"));
  CHECK_THAT(sent[3].at("problem").get<std::string>(), test::contains_text("could not hand it on"));
  CHECK_THAT(sent[4].at("problem").get<std::string>(),
             test::contains_text("550 5.1.1 nobody of that name here"));
  for (const Json& each : receivers.received()) CHECK(each.at("path") != "/elsewhere");

  const test::Told failed = program.tell(
      base::text("[alerts]\nwebhook = [\"", receivers.webhook("/status/404"), "\"]\n"));
  CHECK(failed.exit_status == 1);
  CHECK(failed.summary().at("status") == "failed");

  const test::Told none = program.tell("");
  CHECK(none.exit_status == 2);
  CHECK(none.error().at("kind") == "usage");
  CHECK_THAT(none.error().at("remedy").get<std::string>(), test::contains_text("[alerts]"));
  CHECK(none.summary().at("status") == "failed");
}

TEST_CASE("mail goes out encrypted and with a login", "[e2e][alerts]") {
  test::TemporaryDirectory directory;
  const Program program{directory.path()};
  test::Receivers receivers{{directory.path(), "tls", "me@contoso.example", "pass word"}};
  const auto alerts = [&](const std::string& more) {
    return base::text("[alerts]\nwebhook = [\"", receivers.webhook(),
                      "\"]\nsmtp = \"smtps://me%40contoso.example@127.0.0.1:",
                      receivers.smtp_port(), "\"\nmail_to = [\"admins@contoso.example\"]\n", more);
  };
  const test::Told told =
      program.tell(alerts("smtp_password_file = \"password\"\nca_file = \"receivers.pem\"\n"));
  INFO(told.errors);
  CHECK(told.exit_status == 0);
  const auto mails = by(receivers.received(), "mail");
  REQUIRE(mails.size() == 1);
  CHECK(mails[0].at("login") == "me@contoso.example");
  CHECK(mails[0].at("from") == "me@contoso.example");

  SECTION("but not to a server that nothing vouches for") {
    const test::Told untrusted = program.tell(alerts("smtp_password_file = \"password\"\n"));
    CHECK(untrusted.exit_status == 1);
    CHECK(receivers.received().empty());
  }
  SECTION("nor with a wrong password") {
    test::write_private_file(directory / "wrong", "wrong");
    const test::Told denied =
        program.tell(alerts("smtp_password_file = \"wrong\"\nca_file = \"receivers.pem\"\n"));
    CHECK(denied.exit_status == 3);
    REQUIRE(denied.of_type("sent").size() == 2);
    CHECK_THAT(denied.of_type("sent")[1].at("problem").get<std::string>(),
               test::contains_text("535"));
    CHECK(by(receivers.received(), "mail").empty());
  }
}

TEST_CASE("a mail server elsewhere has to speak STARTTLS", "[e2e][alerts]") {
  test::TemporaryDirectory directory;
  const http::Mail mail{"coffer@contoso.example", "admins@contoso.example",
                        "Subject: dots\r\n\r\n.\r\n..\r\n.end\r\n"};
  http::MailServer server{"127.0.0.1", 0, http::MailSecurity::starttls, ""};
  SECTION("one that does") {
    test::Receivers receivers{{directory.path(), "starttls", "", ""}};
    server.port = receivers.smtp_port();
    const auto transport =
        http::make_curl_mail_transport({.ca_file = receivers.certificate().string()});
    CHECK(transport->send(server, {}, mail, {}).empty());
    const auto mails = by(receivers.received(), "mail");
    REQUIRE(mails.size() == 1);
    CHECK(mails[0].at("raw") == mail.text);
  }
  SECTION("one that does not gets nothing") {
    test::Receivers receivers{{}};
    server.port = receivers.smtp_port();
    CHECK_FALSE(http::make_curl_mail_transport({})->send(server, {}, mail, {}).empty());
    CHECK(receivers.received().empty());
  }
}

namespace {

// Everything wrong that there is, once; with `fine`, nothing.
jobs::AlertFacts facts_of(bool fine, base::Instant now) {
  using jobs::Verification;
  jobs::AlertFacts facts;
  const jobs::RunFact failed{"nightly", "Backup of policy nightly", now, jobs::JobEnd::failed,
                             1,         "no route to the service"};
  const jobs::RunFact partial{"hourly", "Backup of policy hourly", now, jobs::JobEnd::partial, 3,
                              ""};
  facts.runs.emplace();
  facts.missed.emplace();
  facts.mailboxes.emplace();
  facts.verifications = {{Verification::full, now - hours{5}, fine ? 0U : 1U, 0, true}};
  facts.store = jobs::StoreFact{fine ? 500U : 50U, 1000, 1.0};
  facts.credentials.emplace();
  facts.throttling = {{"nightly", fine ? minutes{1} : minutes{59}, minutes{60}, 1}};
  facts.changes = {{"ann@contoso.example", "nightly", now, 1000, fine ? 1U : 900U, 0}};
  facts.clocks = {{"contoso", fine ? minutes{0} : minutes{6}}};
  facts.store_problem = fine ? "" : "the passphrase does not open the store";
  facts.retention.emplace();
  if (fine) return facts;
  facts.runs = {failed, partial};
  facts.missed = {{"nightly", {now - hours{3}}}};
  facts.mailboxes = {{"björn@contoso.example", "nightly", now - hours{99}, {}, hours{48}}};
  facts.credentials = {{"certificate of the backup app (contoso)", now + hours{100}}};
  facts.retention = {{"nightly", 800, 500}};
  return facts;
}

// "kind event" of each message, with how often it came.
std::map<std::string, int> counted_posts(const std::vector<Json>& received) {
  std::map<std::string, int> counts;
  for (const Json& each : by(received, "webhook")) {
    const Json& body = each.at("body");
    check_card(body);
    ++counts[base::text(body.at("alert").at("kind").get<std::string>(), " ",
                        body.at("event").get<std::string>())];
  }
  return counts;
}

std::set<std::string> subjects(const std::vector<Json>& mails) {
  std::set<std::string> all;
  for (const Json& each : mails) all.insert(each.at("headers").at("subject"));
  return all;
}

std::map<std::string, int> expected(const std::string& event) {
  std::map<std::string, int> counts;
  for (const char* kind :
       {"missed_run", "overdue", "damage", "store_filling", "credential_expiry", "throttling",
        "mass_change", "clock_skew", "store_unavailable", "retention"}) {
    counts[base::text(kind, " ", event)] = 1;
  }
  counts[base::text("run ", event)] = 2;
  return counts;
}

}  // namespace

TEST_CASE("every kind of alert arrives once, and its end too, over a restart", "[e2e][alerts]") {
  test::TemporaryDirectory directory;
  test::Receivers receivers{{}};
  test::VirtualClock clock;
  appliance::AlertSettings settings;
  settings.webhook = {receivers.webhook()};
  settings.smtp = http::parse_mail_server(base::text("smtp://127.0.0.1:", receivers.smtp_port()));
  settings.mail_to = {"admins@contoso.example"};
  const auto file = directory / "alerts";
  {
    appliance::AlertDesk desk{settings, file, clock};
    desk.update(facts_of(false, clock.now()));
    desk.deliver_due({});
    desk.update(facts_of(false, clock.now()));
    desk.deliver_due({});
    CHECK(desk.open_count() == 12);
  }
  std::vector<Json> received = receivers.received();
  CHECK(counted_posts(received) == expected("opened"));
  CHECK(by(received, "mail").size() == 12);
  CHECK(subjects(by(received, "mail")).size() == 12);
  CHECK(subjects(by(received, "mail"))
            .contains("[coffer] Critical: Backup of policy nightly failed"));
  for (const Json& mail : by(received, "mail")) CHECK(mail.at("defects").empty());

  clock.advance(minutes{10});
  appliance::AlertDesk desk{settings, file, clock};
  desk.update(facts_of(false, clock.now() - minutes{10}));
  desk.deliver_due({});
  CHECK(receivers.received().empty());

  desk.update(facts_of(true, clock.now()));
  desk.deliver_due({});
  desk.update(facts_of(true, clock.now()));
  desk.deliver_due({});
  received = receivers.received();
  CHECK(counted_posts(received) == expected("over"));
  CHECK(by(received, "mail").size() == 12);
  for (const Json& mail : by(received, "mail")) {
    CHECK_THAT(mail.at("headers").at("subject").get<std::string>(),
               Catch::Matchers::StartsWith("[coffer] Over: "));
    CHECK(mail.at("headers").contains("in-reply-to"));
  }
  CHECK(desk.open_count() == 0);
  CHECK(desk.records().size() == 12);
}

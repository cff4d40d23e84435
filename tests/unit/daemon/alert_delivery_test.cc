#include "src/daemon/alert_delivery.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "tests/support/catch.h"
#include "tests/support/scripted_transport.h"
#include "tests/support/temporary_directory.h"

namespace {

const base::Instant kNow = *base::parse_rfc3339("2026-12-01T12:00:00Z");
constexpr const char* kUrl = "https://hooks.example/services/hidden?sig=hidden";

// Remembers what it was to send.
class MailNotes final : public http::MailTransport {
 public:
  std::string send(const http::MailServer& server, const base::Secret& password,
                   const http::Mail& mail, std::stop_token) override {
    mails.push_back(mail);
    servers.push_back(server.text());
    passwords.emplace_back(password.text());
    return answer;
  }

  std::vector<http::Mail> mails;
  std::vector<std::string> servers;
  std::vector<std::string> passwords;
  std::string answer;
};

struct Setting {
  test::ScriptedTransport web;
  MailNotes mail;

  std::vector<appliance::SentTest> test(const appliance::AlertSettings& settings) {
    const auto sender = appliance::make_alert_sender(settings, web, mail);
    return appliance::send_test_alert(*sender, kNow, {});
  }
};

}  // namespace

TEST_CASE("receivers are shown without what is secret of them", "[daemon][alerts]") {
  Setting setting;
  appliance::AlertSettings settings;
  settings.webhook = {kUrl, "https://hooks.example/other", kUrl, "http://127.0.0.1:8080/x"};
  settings.mail_to = {"a@b.example"};
  const auto sender = appliance::make_alert_sender(settings, setting.web, setting.mail);
  std::vector<std::string> shown;
  for (const jobs::Receiver& receiver : sender->receivers()) {
    shown.push_back(receiver.shown);
    CHECK_THAT(receiver.id, !test::contains_text("hidden"));
  }
  CHECK(shown == std::vector<std::string>{"https://hooks.example/…", "https://hooks.example/… (2)",
                                          "http://127.0.0.1:8080/…", "a@b.example"});
}

TEST_CASE("a webhook has taken what it answered with 2xx", "[daemon][alerts]") {
  struct Row {
    test::ScriptedAnswer answer;
    const char* problem;
  };
  for (const Row& row :
       std::vector<Row>{{{.status = 200}, ""},
                        {{.status = 202}, ""},
                        {{.status = 204}, ""},
                        {{.status = 302, .headers = {{"Location", "https://evil.example/"}}},
                         "https://hooks.example answered 302: redirects are not followed"},
                        {{.status = 404, .body = kUrl}, "https://hooks.example answered 404"},
                        {{.status = 500}, "https://hooks.example answered 500"},
                        {{.status = 200, .body = "Webhook message delivery failed with error: x"},
                         "https://hooks.example took the message and could not hand it on"}}) {
    CAPTURE(row.answer.status, row.answer.body);
    Setting setting;
    setting.web.answer(row.answer);
    appliance::AlertSettings settings;
    settings.webhook = {kUrl};
    const auto sent = setting.test(settings);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].problem == row.problem);
    REQUIRE(setting.web.requests().size() == 1);
    const test::SentRequest request = setting.web.requests()[0];
    CHECK(request.method == "POST");
    CHECK(request.url == kUrl);
    CHECK(request.header("Content-Type") == "application/json");
    CHECK_THAT(request.body, test::contains_text("\"event\":\"test\""));
  }
}

TEST_CASE("an answer without end is a problem, and an unanswered request too", "[daemon][alerts]") {
  appliance::AlertSettings settings;
  settings.webhook = {kUrl};
  Setting setting;
  setting.web.answer({.status = 200, .body = std::string(100'000, 'x')});
  CHECK_FALSE(setting.test(settings)[0].problem.empty());
  setting.web.answer({.status = 0, .failure = http::TransferFailure::timed_out});
  const auto sent = setting.test(settings);
  CHECK_FALSE(sent[0].problem.empty());
  CHECK_THAT(sent[0].problem, !test::contains_text("hidden"));
}

TEST_CASE("mail goes to each address by itself, from an address that there is",
          "[daemon][alerts]") {
  test::TemporaryDirectory directory;
  const auto file = directory / "password";
  base::replace_file(file, base::as_bytes("hidden\n"));
  Setting setting;
  appliance::AlertSettings settings;
  settings.smtp = http::parse_mail_server("smtps://me%40contoso.example@mail.example");
  settings.smtp_password = appliance::CredentialFile{file, "", "here"};
  settings.mail_to = {"a@b.example", "c@d.example"};
  for (const appliance::SentTest& each : setting.test(settings)) CHECK(each.problem.empty());
  REQUIRE(setting.mail.mails.size() == 2);
  CHECK(setting.mail.mails[0].from == "me@contoso.example");
  CHECK(setting.mail.mails[0].to == "a@b.example");
  CHECK(setting.mail.mails[1].to == "c@d.example");
  CHECK_THAT(setting.mail.mails[1].text, !test::contains_text("a@b.example"));
  CHECK(setting.mail.servers[0] == "smtps://mail.example:465");
  CHECK(setting.mail.passwords[0] == "hidden");

  settings.mail_from = "vault@contoso.example";
  setting.mail.answer = "refused";
  CHECK(setting.test(settings)[1].problem == "refused");
  CHECK(setting.mail.mails[2].from == "vault@contoso.example");

  SECTION("a password that is missing is a problem of its mails") {
    settings.smtp_password.reset();
    CHECK_THAT(setting.test(settings)[0].problem, test::contains_text("smtp_password_file"));
    std::filesystem::remove(file);
    settings.smtp_password = appliance::CredentialFile{file, "", "here"};
    CHECK_THAT(setting.test(settings)[0].problem, test::contains_text("here"));
    CHECK(setting.mail.mails.size() == 4);
  }
  SECTION("a server that knows no user gets mail from this machine") {
    settings.smtp = http::parse_mail_server("smtp://mail.example");
    settings.smtp_password.reset();
    settings.mail_from.reset();
    setting.test(settings);
    CHECK_THAT(setting.mail.mails.back().from, Catch::Matchers::StartsWith("coffer@"));
    CHECK(setting.mail.passwords.back().empty());
  }
}

TEST_CASE("a test that is stopped says so", "[daemon][alerts]") {
  Setting setting;
  appliance::AlertSettings settings;
  settings.webhook = {kUrl};
  const auto sender = appliance::make_alert_sender(settings, setting.web, setting.mail);
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(appliance::send_test_alert(*sender, kNow, stop.get_token()), base::Error);
}

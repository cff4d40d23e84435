#include "src/daemon/alert_text.h"

#include "src/base/base64.h"
#include "src/base/text.h"
#include "tests/support/catch.h"

#include <algorithm>

namespace {

const base::Instant kOpened = *base::parse_rfc3339("2026-11-23T02:03:04Z");

jobs::DueMessage message(jobs::AlertEvent event = jobs::AlertEvent::opened) {
  return {.to = {"mail:a@b.example", "a@b.example"},
          .id = "01abc.1",
          .alert_id = "01abc",
          .first_id = "01abc.1",
          .kind = jobs::AlertKind::run,
          .message = {.event = event,
                      .time = kOpened + std::chrono::seconds{6},
                      .severity = jobs::Severity::critical,
                      .subject = "Backup of policy nightly failed",
                      .message = "no route",
                      .next_step = "look at it",
                      .deliveries = {}},
          .opened = kOpened,
          .closed = {}};
}

std::string mail(const jobs::DueMessage& told) {
  return appliance::mail_text(
      told, {.from = "coffer@contoso.example", .to = "a@b.example", .host = "vault.example"});
}

// Of base64 without its line ends.
std::string decoded(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  const auto bytes = base::base64_decode(text);
  REQUIRE(bytes);
  return std::string{base::as_text(*bytes)};
}

}  // namespace

TEST_CASE("a mail is plain where it can be", "[daemon][alerts]") {
  CHECK(mail(message()) ==
        "Date: Mon, 23 Nov 2026 02:03:10 +0000\r\n"
        "Message-ID: <01abc.1@vault.example>\r\n"
        "From: coffer <coffer@contoso.example>\r\n"
        "To: <a@b.example>\r\n"
        "Subject: [coffer] Critical: Backup of policy nightly failed\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Critical: Backup of policy nightly failed\r\n"
        "\r\n"
        "no route\r\n"
        "\r\n"
        "What to do: look at it\r\n"
        "\r\n"
        "Since 2026-11-23T02:03:04Z\r\n"
        "Alert 01abc of coffer on vault.example\r\n");
}

TEST_CASE("the end of an alert refers to its begin", "[daemon][alerts]") {
  jobs::DueMessage over = message(jobs::AlertEvent::over);
  over.id = "01abc.2";
  over.closed = kOpened + std::chrono::hours{1};
  const std::string text = mail(over);
  CHECK_THAT(text, test::contains_text("In-Reply-To: <01abc.1@vault.example>\r\n"));
  CHECK_THAT(text, test::contains_text("Subject: [coffer] Over: Backup of policy nightly failed"));
  CHECK_THAT(text, test::contains_text("Since 2026-11-23T02:03:04Z, until 2026-11-23T03:03:04Z"));
  CHECK_THAT(text, !test::contains_text("What to do"));
}

TEST_CASE("what is not ASCII is encoded, in words of whole characters", "[daemon][alerts]") {
  jobs::DueMessage told = message();
  told.message.subject =
      "Sicherung für Räksmörgås@contoso.example ist fehlgeschlagen – 漢字漢字漢字";
  told.message.message = "größer";
  const std::string text = mail(told);
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; }));
  const std::size_t begin = text.find("Subject: ") + 9;
  const std::size_t end = text.find("\r\nAuto-Submitted");
  std::string subject;
  for (std::string line : base::split(text.substr(begin, end - begin), '\n')) {
    CHECK(line.size() <= 76 - 9);
    line = std::string{base::trim(line)};
    REQUIRE(line.starts_with("=?UTF-8?B?"));
    REQUIRE(line.ends_with("?="));
    const std::string word = decoded(line.substr(10, line.size() - 12));
    CHECK(base::printable(word) == word);  // whole characters
    subject += word;
  }
  CHECK(subject == "[coffer] Critical: " + told.message.subject);
  const std::size_t body = text.find("base64\r\n\r\n");
  REQUIRE(body != std::string::npos);
  CHECK_THAT(decoded(text.substr(body + 10)), test::contains_text("\r\n\r\ngrößer\r\n\r\n"));
}

TEST_CASE("nothing in a subject or a body ends a header or a line too long", "[daemon][alerts]") {
  jobs::DueMessage told = message();
  told.message.subject = "x\r\nBcc: everybody@evil.example\r\n\r\nhello";
  told.message.message = std::string(3000, 'm');
  const std::string text = mail(told);
  for (const std::string& line : base::split(text, '\n')) {
    CHECK(line.size() < 998);
    CHECK_FALSE(line.starts_with("Bcc"));
  }
  CHECK_THAT(text,
             test::contains_text("[coffer] Critical: x  Bcc: everybody@evil.example    hello"));
}

TEST_CASE("a webhook's body is for scripts and for Teams", "[daemon][alerts]") {
  jobs::DueMessage told = message();
  told.message.subject = "Much of mailbox [here](https://evil.example) **changed**";
  const std::string body = appliance::webhook_body(told, "vault");
  CHECK_THAT(body, Catch::Matchers::StartsWith(
                       R"({"type":"message","event":"opened","message_id":"01abc.1",)"
                       R"("time":"2026-11-23T02:03:10Z","host":"vault","alert":{"type":"alert",)"
                       R"("id":"01abc","kind":"run","severity":"critical","subject":)"));
  CHECK_THAT(body,
             test::contains_text(R"("opened":"2026-11-23T02:03:04Z","closed":null},"attachments":)"
                                 R"([{"contentType":"application/vnd.microsoft.card.adaptive",)"
                                 R"("contentUrl":null,"content":{"$schema":)"));
  // No element that takes markup.
  CHECK_THAT(body, !test::contains_text("TextBlock\",\"text\""));
  CHECK_THAT(body, !test::contains_text("\"TextBlock\""));
  CHECK_THAT(body, test::contains_text(R"("color":"Attention")"));

  told.message.subject = std::string(200, '"');
  told.message.message = std::string(3000, '"');
  told.message.next_step = std::string(3000, '\\');
  CHECK(appliance::webhook_body(told, "vault").size() < 28 * 1024);
}

#include "src/jobs/alert_book.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/support/catch.h"

#include <algorithm>

namespace {

using jobs::AlertBook;
using jobs::AlertEvent;
using jobs::AlertKind;
using jobs::Judgement;
using std::chrono::hours;
using std::chrono::minutes;

const base::Instant kNow = *base::parse_rfc3339("2026-12-01T12:00:00Z");
const std::vector<jobs::Receiver> kHook{{"webhook:1", "https://hooks.example/…"}};
const std::vector<jobs::Receiver> kBoth{{"webhook:1", "https://hooks.example/…"},
                                        {"mail:a@b.example", "a@b.example"}};

jobs::Matter matter(const std::string& key, std::uint64_t stage = 0) {
  return {.key = key,
          .kind = AlertKind::run,
          .severity = jobs::Severity::warning,
          .subject = "subject of " + key,
          .message = "message",
          .next_step = "step",
          .stage = stage};
}

Judgement wrong(std::vector<jobs::Matter> matters) { return {std::move(matters), {}}; }
Judgement fine() { return {}; }

// What is due, all taken: "opened k", "over k", ...
std::vector<std::string> take(AlertBook& book, base::Instant now) {
  std::vector<std::string> told;
  for (const jobs::DueMessage& message : book.due(now)) {
    told.push_back(base::text(jobs::name(message.message.event), " ",
                              message.message.subject.substr(std::string{"subject of "}.size())));
    book.note(message, "", now);
  }
  return told;
}

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("a matter is told once when it begins and once when it is over", "[jobs][alerts]") {
  AlertBook book;
  CHECK(book.update(wrong({matter("k")}), kHook, kNow).size() == 1);
  CHECK(book.is_open("k"));
  CHECK(take(book, kNow) == Told{"opened k"});
  CHECK(book.update(wrong({matter("k")}), kHook, kNow + hours{1}).empty());
  CHECK(take(book, kNow + hours{1}).empty());
  CHECK(book.update(fine(), kHook, kNow + hours{2}).size() == 1);
  CHECK(take(book, kNow + hours{2}) == Told{"over k"});
  CHECK_FALSE(book.is_open("k"));
  CHECK(book.update(fine(), kHook, kNow + hours{3}).empty());
  CHECK(take(book, kNow + hours{3}).empty());

  const std::vector<jobs::Alert> alerts = book.alerts();
  REQUIRE(alerts.size() == 1);
  CHECK(jobs::to_json(jobs::alert_record(alerts[0])) ==
        base::text(R"({"type":"alert","id":")", alerts[0].id,
                   R"(","kind":"run","severity":"warning","subject":"subject of k",)",
                   R"("message":"message","next_step":"step","opened":"2026-12-01T12:00:00Z",)",
                   R"("closed":"2026-12-01T14:00:00Z","sent":[)",
                   R"({"to":"https://hooks.example/…","event":"opened",)",
                   R"("time":"2026-12-01T12:00:00Z","problem":null},)",
                   R"({"to":"https://hooks.example/…","event":"over",)",
                   R"("time":"2026-12-01T14:00:00Z","problem":null}]})"));
}

TEST_CASE("a matter whose facts are not known now stays as it is", "[jobs][alerts]") {
  AlertBook book;
  book.update(wrong({matter("k")}), kHook, kNow);
  CHECK(book.update({{}, {AlertKind::run}}, kHook, kNow + hours{1}).empty());
  CHECK(book.is_open("k"));
  CHECK(book.update({{}, {AlertKind::damage}}, kHook, kNow + hours{1}).size() == 1);
  CHECK_FALSE(book.is_open("k"));
}

TEST_CASE("a matter that closes and comes back within an hour is not told again",
          "[jobs][alerts]") {
  AlertBook book;
  book.update(wrong({matter("k")}), kHook, kNow);
  CHECK(take(book, kNow) == Told{"opened k"});
  book.update(fine(), kHook, kNow + minutes{5});
  CHECK(take(book, kNow + minutes{5}) == Told{"over k"});
  // Up and down all the hour: not a word.
  for (int minute = 6; minute < 65; ++minute) {
    const base::Instant now = kNow + minutes{minute};
    book.update(minute % 2 == 0 ? wrong({matter("k")}) : fine(), kHook, now);
    CHECK(take(book, now).empty());
  }
  CHECK(book.alerts().size() == 1);

  SECTION("and nobody hears of it any more if it stays away") {
    book.update(fine(), kHook, kNow + hours{9});
    CHECK(take(book, kNow + hours{9}).empty());
    CHECK(book.open_count() == 0);
  }
  SECTION("but that it is back if it lasts") {
    book.update(wrong({matter("k")}), kHook, kNow + minutes{65});
    CHECK(take(book, kNow + minutes{65}) == Told{"reopened k"});
    book.update(wrong({matter("k")}), kHook, kNow + minutes{66});
    CHECK(take(book, kNow + minutes{66}).empty());
    CHECK(book.alerts().size() == 1);
    CHECK_FALSE(book.alerts()[0].closed);
  }
  SECTION("and later it is another one") {
    book.update(fine(), kHook, kNow + minutes{65});
    book.update(wrong({matter("k")}), kHook, kNow + hours{9});
    CHECK(take(book, kNow + hours{9}) == Told{"opened k"});
    CHECK(book.alerts().size() == 2);
  }
}

TEST_CASE("each new stage is told, but not before the matter is calm", "[jobs][alerts]") {
  AlertBook book;
  book.update(wrong({matter("k", 1)}), kHook, kNow);
  book.update(wrong({matter("k", 2)}), kHook, kNow + minutes{1});
  book.update(wrong({matter("k", 2)}), kHook, kNow + minutes{2});
  book.update(wrong({matter("k", 1)}), kHook, kNow + minutes{3});  // better is no news
  book.update(wrong({matter("k", 2)}), kHook, kNow + minutes{4});
  // In order, each after the one before was taken.
  CHECK(take(book, kNow + minutes{4}) == Told{"opened k"});
  CHECK(take(book, kNow + minutes{4}) == Told{"escalated k"});
  CHECK(take(book, kNow + minutes{4}).empty());

  jobs::Matter calm = matter("c", 0);
  calm.calm = hours{24};
  book.update(wrong({calm}), kHook, kNow);
  calm.stage = 1;
  book.update(wrong({calm}), kHook, kNow + hours{1});
  calm.stage = 3;
  book.update(wrong({calm}), kHook, kNow + hours{23});
  CHECK(take(book, kNow + hours{23}) == Told{"over k", "opened c"});
  book.update(wrong({calm}), kHook, kNow + hours{24});
  CHECK(take(book, kNow + hours{24}) == Told{"escalated c"});
}

TEST_CASE("each receiver is told once, and tried again for itself", "[jobs][alerts]") {
  AlertBook book;
  book.update(wrong({matter("k")}), kBoth, kNow);
  std::vector<jobs::DueMessage> due = book.due(kNow);
  REQUIRE(due.size() == 2);
  CHECK(due[0].id == due[1].id);
  book.note(due[0], "refused", kNow);
  book.note(due[1], "", kNow);

  CHECK(book.due(kNow + minutes{1} - base::Duration{1}).empty());
  due = book.due(kNow + minutes{1});
  REQUIRE(due.size() == 1);
  CHECK(due[0].to.id == "webhook:1");
  book.note(due[0], "refused again", kNow + minutes{1});
  CHECK(book.due(kNow + minutes{2}).empty());
  CHECK(book.due(kNow + minutes{3}).size() == 1);

  // The end waits for the begin.
  book.update(fine(), kBoth, kNow + minutes{3});
  due = book.due(kNow + minutes{3});
  REQUIRE(due.size() == 2);
  CHECK(due[0].message.event == AlertEvent::opened);
  CHECK(due[0].to.id == "webhook:1");
  CHECK(due[1].message.event == AlertEvent::over);
  CHECK(due[1].to.id == "mail:a@b.example");
  CHECK(due[1].closed == kNow + minutes{3});
  CHECK(due[1].first_id == due[0].id);

  // After a day it is given up.
  book.note(due[0], "still refused", kNow + hours{24});
  due = book.due(kNow + hours{24});
  REQUIRE(due.size() == 2);
  CHECK(due[0].message.event == AlertEvent::over);
  const std::string record = jobs::to_json(jobs::alert_record(book.alerts()[0]));
  CHECK_THAT(record, test::contains_text(R"("event":"opened","time":"2026-12-02T12:00:00Z",)"
                                         R"("problem":"still refused")"));
  CHECK_THAT(record, test::contains_text(R"("event":"over","time":null,"problem":null)"));
}

TEST_CASE("what is pending for a receiver that is gone is given up", "[jobs][alerts]") {
  AlertBook book;
  book.update(wrong({matter("k")}), kBoth, kNow);
  CHECK(book.update(wrong({matter("k")}), kHook, kNow).size() == 1);
  REQUIRE(book.due(kNow).size() == 1);
  CHECK(book.due(kNow)[0].to.id == "webhook:1");
  CHECK_THAT(jobs::to_json(jobs::alert_record(book.alerts()[0])),
             test::contains_text(R"("problem":"no longer configured")"));
}

TEST_CASE("without receivers alerts are kept all the same", "[jobs][alerts]") {
  AlertBook book;
  book.update(wrong({matter("k")}), {}, kNow);
  CHECK(book.open_count() == 1);
  CHECK(book.due(kNow).empty());
  // Who is there only later is told the end.
  book.update(fine(), kHook, kNow + hours{1});
  CHECK(take(book, kNow + hours{1}) == Told{"over k"});
}

TEST_CASE("the waits between tries double up to an hour, for a day", "[jobs][alerts]") {
  std::vector<std::int64_t> waits;
  base::Duration age{};
  for (std::uint64_t tries = 1;; ++tries) {
    const auto wait = jobs::wait_before_retry(tries, age);
    if (!wait) break;
    waits.push_back(std::chrono::duration_cast<minutes>(*wait).count());
    age += *wait;
  }
  REQUIRE(waits.size() == 29);
  CHECK(std::vector<std::int64_t>{waits.begin(), waits.begin() + 8} ==
        std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 60, 60});
  CHECK(jobs::wait_before_retry(1'000'000'000'000, {}) == hours{1});
}

TEST_CASE("a clock that is set back neither tells twice nor keeps back", "[jobs][alerts]") {
  AlertBook book;
  book.update(wrong({matter("k")}), kHook, kNow);
  const base::Instant earlier = kNow - hours{24 * 300};
  CHECK(book.update(wrong({matter("k")}), kHook, earlier).empty());
  CHECK(take(book, earlier) == Told{"opened k"});
  book.update(fine(), kHook, earlier);
  CHECK(take(book, earlier) == Told{"over k"});
}

TEST_CASE("a book that is kept and read again tells nothing twice", "[jobs][alerts]") {
  AlertBook book;
  jobs::Matter second = matter("second", 3);
  second.kind = AlertKind::credential_expiry;
  second.severity = jobs::Severity::critical;
  book.update(wrong({matter("first"), second}), kBoth, kNow);
  book.note(book.due(kNow)[0], "", kNow);
  book.note(book.due(kNow)[0], "refused", kNow);
  book.update(wrong({second}), kBoth, kNow + minutes{1});

  AlertBook again = AlertBook::decode(book.encode());
  CHECK(again.encode() == book.encode());
  CHECK(again.is_open("second"));
  const auto ids = [](const AlertBook& of, base::Instant now) {
    std::vector<std::string> all;
    for (const jobs::DueMessage& message : of.due(now)) all.push_back(message.to.id + message.id);
    return all;
  };
  CHECK(ids(again, kNow + minutes{1}) == ids(book, kNow + minutes{1}));
  CHECK(again.update(wrong({second}), kBoth, kNow + minutes{2}).empty());

  const base::Bytes bytes = book.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_THROWS_AS(AlertBook::decode(base::ByteView{bytes}.first(size)), base::Error);
  }
}

TEST_CASE("the history is bounded, what is open and what is pending is not dropped",
          "[jobs][alerts]") {
  AlertBook book;
  book.update(wrong({matter("open")}), kHook, kNow);
  take(book, kNow);
  base::Instant now = kNow;
  for (int i = 0; i < 700; ++i) {
    now += minutes{1};
    book.update(wrong({matter("open"), matter(base::text("k", i))}), kHook, now);
    if (i != 0) take(book, now);
    book.update(wrong({matter("open")}), kHook, now);
    if (i != 0) take(book, now);
  }
  const std::vector<jobs::Alert> alerts = book.alerts();
  CHECK(alerts.size() == 1 + AlertBook::kMostClosed);
  CHECK(alerts.front().matter.key == "open");
  CHECK(alerts[1].matter.key == "k699");
  CHECK(alerts.back().matter.key == "k200");
}

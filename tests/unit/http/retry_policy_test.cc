#include "src/http/retry_policy.h"

#include "tests/support/catch.h"

using http::Action;
using http::TransferFailure;
using namespace std::chrono_literals;

namespace {

const base::Instant kNow = *base::parse_rfc3339("2026-05-01T08:00:00Z");

http::Transfer answered(int status, std::vector<http::Header> headers = {}) {
  return {{status, std::move(headers)}, TransferFailure::none, ""};
}

http::Transfer failed(TransferFailure failure) { return {{}, failure, "failed"}; }

}  // namespace

TEST_CASE("each outcome of a transfer has its verdict", "[http]") {
  struct Row {
    const char* name;
    http::Transfer transfer;
    unsigned attempt;
    bool whole;
    Action repeatable;
    Action unless_sent;
    bool holds;
  };
  const Row row = GENERATE(values<Row>({
      {"200", answered(200), 1, true, Action::take, Action::take, false},
      {"200 cut", answered(200), 1, false, Action::repeat, Action::lost, false},
      {"200 cut, last attempt", answered(200), 6, false, Action::give_up, Action::lost, false},
      {"201", answered(201), 1, true, Action::take, Action::take, false},
      {"308", answered(308), 1, true, Action::take, Action::take, false},
      {"400", answered(400), 1, true, Action::take, Action::take, false},
      {"401", answered(401), 1, true, Action::take, Action::take, false},
      {"403", answered(403), 1, true, Action::take, Action::take, false},
      {"404", answered(404), 1, true, Action::take, Action::take, false},
      {"409", answered(409), 1, true, Action::take, Action::take, false},
      {"410", answered(410), 1, true, Action::take, Action::take, false},
      {"413", answered(413), 1, true, Action::take, Action::take, false},
      {"423", answered(423), 1, true, Action::repeat, Action::repeat, true},
      {"429", answered(429), 1, true, Action::repeat, Action::repeat, true},
      {"429, eleventh attempt", answered(429), 11, true, Action::repeat, Action::repeat, true},
      {"429, last attempt", answered(429), 12, true, Action::give_up, Action::give_up, true},
      {"500", answered(500), 1, true, Action::repeat, Action::lost, false},
      {"500, last attempt", answered(500), 6, true, Action::give_up, Action::lost, false},
      {"501", answered(501), 1, true, Action::take, Action::take, false},
      {"502", answered(502), 1, true, Action::repeat, Action::lost, false},
      {"503", answered(503), 1, true, Action::repeat, Action::lost, true},
      {"504", answered(504), 1, true, Action::repeat, Action::lost, true},
      {"507", answered(507), 1, true, Action::take, Action::take, false},
      {"509", answered(509), 1, true, Action::repeat, Action::repeat, true},
      {"not sent", failed(TransferFailure::not_sent), 1, true, Action::repeat, Action::repeat,
       false},
      {"not sent, last attempt", failed(TransferFailure::not_sent), 6, true, Action::give_up,
       Action::give_up, false},
      {"interrupted", failed(TransferFailure::interrupted), 1, true, Action::repeat, Action::lost,
       false},
      {"timed out", failed(TransferFailure::timed_out), 1, true, Action::repeat, Action::lost,
       false},
      {"untrusted", failed(TransferFailure::untrusted), 1, true, Action::give_up, Action::give_up,
       false},
      {"headers too large", failed(TransferFailure::too_large), 1, true, Action::give_up,
       Action::give_up, false},
      {"cancelled", failed(TransferFailure::cancelled), 1, true, Action::give_up, Action::give_up,
       false},
  }));
  CAPTURE(row.name);
  const http::Attempt attempt{row.transfer, row.attempt, row.whole, kNow, 0.5};
  const auto repeatable = http::judge(attempt, http::Repeatable::yes);
  CHECK(repeatable.action == row.repeatable);
  CHECK(repeatable.holds_others == row.holds);
  CHECK(repeatable.throttled == row.holds);
  CHECK(http::judge(attempt, http::Repeatable::unless_sent).action == row.unless_sent);
}

TEST_CASE("Retry-After is read in all its forms", "[http]") {
  struct Row {
    const char* name;
    std::vector<http::Header> headers;
    std::optional<base::Duration> expected;
  };
  const Row row = GENERATE(values<Row>({
      {"absent", {}, std::nullopt},
      {"seconds", {{"Retry-After", "17"}}, 17s},
      {"seconds, other case and blanks", {{"retry-after", " 17 "}}, 17s},
      {"zero", {{"Retry-After", "0"}}, 0s},
      {"absurd seconds", {{"Retry-After", "99999999"}}, 1h},
      {"more seconds than a number holds", {{"Retry-After", "99999999999999999999999"}}, 1h},
      {"negative", {{"Retry-After", "-5"}}, std::nullopt},
      {"fraction", {{"Retry-After", "1.5"}}, std::nullopt},
      {"rubbish", {{"Retry-After", "soon"}}, std::nullopt},
      {"empty", {{"Retry-After", ""}}, std::nullopt},
      {"date by our clock", {{"Retry-After", "Fri, 01 May 2026 08:00:30 GMT"}}, 30s},
      {"date by the peer's clock",
       {{"Date", "Fri, 01 May 2026 09:00:00 GMT"},
        {"Retry-After", "Fri, 01 May 2026 09:00:20 GMT"}},
       20s},
      {"date in the past", {{"Retry-After", "Fri, 01 May 2026 07:00:00 GMT"}}, 0s},
      {"date far away", {{"Retry-After", "Sat, 01 May 2027 08:00:00 GMT"}}, 1h},
  }));
  CAPTURE(row.name);
  CHECK(http::retry_after({429, row.headers}, kNow) == row.expected);
}

TEST_CASE("a wait that the service names is kept; else it doubles from 2 s to 60 s", "[http]") {
  const auto named = answered(429, {{"Retry-After", "7"}});
  CHECK(http::judge({named, 3, true, kNow, 0.0}, http::Repeatable::yes).wait == 7s);
  const auto at_once = answered(429, {{"Retry-After", "0"}});
  CHECK(http::judge({at_once, 1, true, kNow, 1.0}, http::Repeatable::yes).wait == 0s);
  CHECK(http::judge({at_once, 2, true, kNow, 1.0}, http::Repeatable::yes).wait == 4s);
  const auto bare = answered(503);
  const auto wait = [&](unsigned attempt, double jitter) {
    return http::judge({bare, attempt, true, kNow, jitter}, http::Repeatable::yes).wait;
  };
  CHECK(wait(1, 1.0) == 2s);
  CHECK(wait(1, 0.0) == 1s);
  CHECK(wait(2, 1.0) == 4s);
  CHECK(wait(5, 1.0) == 32s);
  CHECK(wait(6, 1.0) == 60s);
  CHECK(wait(11, 1.0) == 60s);
  CHECK(http::backoff(4'000'000'000u, 1.0) == 60s);
  CHECK(wait(11, 0.0) == 30s);
}

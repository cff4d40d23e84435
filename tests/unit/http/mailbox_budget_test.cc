#include "src/http/mailbox_budget.h"

#include "tests/support/catch.h"

#include <algorithm>
#include <deque>
#include <random>
#include <utility>
#include <vector>

using http::BudgetLimits;
using http::MailboxBudget;
using Obstacle = MailboxBudget::Obstacle;
using Outcome = MailboxBudget::Outcome;
using namespace std::chrono_literals;

namespace {

// A request that takes no time.
void spend(MailboxBudget& budget, base::Duration now, std::uint64_t upload = 0) {
  const auto admission = budget.start(now, upload);
  REQUIRE(admission.obstacle == Obstacle::none);
  budget.finish(now, admission, upload, Outcome::answered);
}

}  // namespace

TEST_CASE("no more requests start than there are lanes", "[http][budget]") {
  MailboxBudget budget{{}};
  std::vector<MailboxBudget::Admission> running;
  for (int i = 0; i < 4; ++i) running.push_back(budget.start(0s, 0));
  CHECK(budget.in_flight() == 4);
  CHECK(budget.start(0s, 0).obstacle == Obstacle::lanes);
  budget.finish(1s, running.back(), 0, Outcome::answered);
  CHECK(budget.start(1s, 0).obstacle == Obstacle::none);
}

TEST_CASE("the request window is kept ahead of time", "[http][budget]") {
  MailboxBudget budget{{.requests = 10, .request_window = 600s}};
  for (int i = 0; i < 10; ++i) spend(budget, base::Duration{i * 10'000});
  const auto full = budget.start(100s, 0);
  CHECK(full.obstacle == Obstacle::paced);
  CHECK(full.wait == 500s);
  CHECK(budget.start(599s, 0).obstacle == Obstacle::paced);
  spend(budget, 600s);
  CHECK(budget.start(600s, 0).wait == 10s);
}

TEST_CASE("a request under way counts although it has not ended", "[http][budget]") {
  MailboxBudget budget{{.in_flight = 4, .requests = 4, .request_window = 600s}};
  const auto slow = budget.start(0s, 0);
  for (int i = 0; i < 3; ++i) spend(budget, 1s);
  CHECK(budget.start(2s, 0).obstacle == Obstacle::paced);
  // The service may have seen it at any moment until now.
  budget.finish(500s, slow, 0, Outcome::answered);
  for (int i = 0; i < 3; ++i) spend(budget, 601s);
  CHECK(budget.start(601s, 0).wait == 499s);
}

TEST_CASE("the upload window is kept ahead of time", "[http][budget]") {
  MailboxBudget budget{{}};
  spend(budget, 0s, 100'000'000);
  CHECK(budget.start(1s, 48'000'001).obstacle == Obstacle::paced);
  CHECK(budget.start(1s, 48'000'001).wait == 299s);
  spend(budget, 1s, 48'000'000);
  CHECK(budget.start(2s, 1).obstacle == Obstacle::paced);
  spend(budget, 2s, 0);  // reads are not held back by uploads
  spend(budget, 300s, 100'000'000);
}

TEST_CASE("an upload beyond the whole window starts alone", "[http][budget]") {
  MailboxBudget budget{{}};
  spend(budget, 0s, 1'000);
  CHECK(budget.start(1s, 200'000'000).obstacle == Obstacle::paced);
  const auto alone = budget.start(300s, 200'000'000);
  REQUIRE(alone.obstacle == Obstacle::none);
  CHECK(budget.start(301s, 1).obstacle == Obstacle::lanes);
  budget.finish(310s, alone, 200'000'000, Outcome::answered);
  CHECK(budget.start(311s, 1).wait == 299s);
}

TEST_CASE("a hold stops everything until its latest end", "[http][budget]") {
  MailboxBudget budget{{}};
  budget.hold(30s);
  budget.hold(20s);
  const auto held = budget.start(10s, 0);
  CHECK(held.obstacle == Obstacle::held);
  CHECK(held.wait == 20s);
  CHECK(budget.start(30s, 0).obstacle == Obstacle::none);
}

TEST_CASE("complaints about concurrency halve the lanes once a crowd, and good answers widen again",
          "[http][budget]") {
  MailboxBudget budget{{}};
  std::vector<MailboxBudget::Admission> crowd;
  for (int i = 0; i < 4; ++i) crowd.push_back(budget.start(0s, 0));
  for (const auto& one : crowd) budget.finish(1s, one, 0, Outcome::too_many_at_once);
  CHECK(budget.width() == 2);
  const auto next = budget.start(2s, 0);
  budget.finish(3s, next, 0, Outcome::too_many_at_once);
  CHECK(budget.width() == 1);
  for (int i = 0; i < 50; ++i) spend(budget, 4s);
  CHECK(budget.width() == 2);
  for (int i = 0; i < 100; ++i) spend(budget, 5s);
  CHECK(budget.width() == 4);
  for (int i = 0; i < 100; ++i) spend(budget, 6s);
  CHECK(budget.width() == 4);
}

TEST_CASE("whoever has work gets 95 % of what the service allows, window after window",
          "[http][budget]") {
  struct Row {
    const char* name;
    std::uint64_t upload_bytes;  // of a request
    base::Duration latency;
    base::Duration window;
    std::uint64_t allowed;  // requests, or bytes
  };
  const Row row = GENERATE(values<Row>({
      {"requests", 0, 200ms, 10min, 10'000},
      {"requests that take long", 0, 230ms, 10min, 10'000},
      {"uploads", 1'500'000, 3s, 5min, 150'000'000},
      {"small uploads", 70'000, 400ms, 5min, 150'000'000},
  }));
  CAPTURE(row.name);
  MailboxBudget budget{{}};
  std::deque<std::pair<base::Duration, MailboxBudget::Admission>> running;  // by their end
  std::vector<std::uint64_t> used(4);
  for (base::Duration now{0}; now < row.window * used.size(); now += 10ms) {
    for (; !running.empty() && running.front().first <= now; running.pop_front()) {
      budget.finish(now, running.front().second, row.upload_bytes, Outcome::answered);
    }
    for (;;) {
      const auto admission = budget.start(now, row.upload_bytes);
      if (admission.obstacle != Obstacle::none) break;
      running.emplace_back(now + row.latency, admission);
      used[static_cast<std::size_t>(now / row.window)] +=
          std::max<std::uint64_t>(row.upload_bytes, 1);
    }
  }
  for (const std::uint64_t each : used) {
    CHECK(each >= row.allowed / 100 * 95);
    CHECK(each <= row.allowed);
  }
}

// The service's view: every request is seen at some moment between its start and its end.
TEST_CASE("however requests overlap, no window of the service is ever exceeded",
          "[http][budget][property]") {
  const auto seed = GENERATE(range(0u, 40u));
  CAPTURE(seed);
  std::mt19937 random{seed};
  const BudgetLimits limits{.in_flight = 4,
                            .requests = 30,
                            .request_window = 60s,
                            .upload_bytes = 1'000,
                            .upload_window = 30s};
  MailboxBudget budget{limits};
  struct Running {
    MailboxBudget::Admission admission;
    std::uint64_t bytes;
    base::Duration start;
    base::Duration end;
  };
  std::vector<Running> running;
  struct Seen {
    base::Duration when;
    std::uint64_t bytes;
  };
  std::vector<Seen> seen;
  for (base::Duration now{0}; now < 600s; now += base::Duration{random() % 700}) {
    std::erase_if(running, [&](const Running& one) {
      if (one.end > now) return false;
      budget.finish(now, one.admission, one.bytes, Outcome::answered);
      const auto span = static_cast<std::uint64_t>((now - one.start).count()) + 1;
      seen.push_back({one.start + base::Duration{random() % span}, one.bytes});
      return true;
    });
    const std::uint64_t bytes = random() % 2 == 0 ? 0 : random() % 400;
    const auto admission = budget.start(now, bytes);
    if (admission.obstacle != Obstacle::none) continue;
    running.push_back({admission, bytes, now, now + base::Duration{random() % 20'000}});
    REQUIRE(running.size() <= limits.in_flight);
  }
  CHECK(seen.size() > 100);
  for (const Seen& first : seen) {
    std::uint64_t requests = 0;
    std::uint64_t bytes = 0;
    for (const Seen& other : seen) {
      if (other.when < first.when) continue;
      if (other.when < first.when + limits.request_window) ++requests;
      if (other.when < first.when + limits.upload_window) bytes += other.bytes;
    }
    CHECK(requests <= limits.requests);
    CHECK(bytes <= limits.upload_bytes);
  }
}

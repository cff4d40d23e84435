#include "src/http/budget_gate.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/virtual_clock.h"

#include <atomic>
#include <thread>
#include <vector>

using Outcome = http::MailboxBudget::Outcome;
using namespace std::chrono_literals;

TEST_CASE("a held mailbox waits on the clock, counts the time, and holds no other",
          "[http][budget]") {
  test::VirtualClock clock;
  http::BudgetGate gate{clock, {}};
  gate.hold("a", 30s);
  { const auto pass = gate.enter("b", 0, {}); }
  CHECK(clock.slept() == 0s);
  { const auto pass = gate.enter("a", 0, {}); }
  // The tick that was begun is waited out: a service that counts finer finds nobody early.
  CHECK(clock.slept() == 30s + 1ms);
  CHECK(gate.time_lost("a") == 30s + 1ms);
  CHECK(gate.time_lost("b") == 0s);
  CHECK(gate.time_lost() == 30s + 1ms);
}

TEST_CASE("a full window waits as long as it must", "[http][budget]") {
  test::VirtualClock clock;
  http::BudgetGate gate{clock, {.requests = 4, .request_window = 600s}};
  for (int i = 0; i < 5; ++i) const auto pass = gate.enter("a", 0, {});
  CHECK(clock.slept() == 600s);
}

TEST_CASE("lanes are never exceeded by threads, and all get their turn", "[http][budget]") {
  base::SystemClock clock;
  http::BudgetGate gate{clock, {.in_flight = 3}};
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> done{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 200; ++j) {
          auto pass = gate.enter("a", 0, {});
          const int now_inside = ++inside;
          int seen = most;
          while (now_inside > seen && !most.compare_exchange_weak(seen, now_inside)) {
          }
          --inside;
          ++done;
          pass.set_outcome(Outcome::answered);
        }
      });
    }
  }
  CHECK(done == 1600);
  CHECK(most <= 3);
}

TEST_CASE("a request to stop ends the wait for a lane", "[http][budget]") {
  base::SystemClock clock;
  http::BudgetGate gate{clock, {.in_flight = 1}};
  const auto pass = gate.enter("a", 0, {});
  std::stop_source stop;
  std::atomic<bool> cancelled{false};
  std::jthread waiter{[&] {
    try {
      gate.enter("a", 0, stop.get_token());
    } catch (const base::Error& error) {
      cancelled = error.kind() == base::ErrorKind::cancelled;
    }
  }};
  stop.request_stop();
  waiter.join();
  CHECK(cancelled);
}

TEST_CASE("a narrowed mailbox shows its width", "[http][budget]") {
  test::VirtualClock clock;
  http::BudgetGate gate{clock, {}};
  {
    auto pass = gate.enter("a", 0, {});
    pass.set_outcome(Outcome::too_many_at_once);
  }
  CHECK(gate.width("a") == 2);
  CHECK(gate.width("b") == 4);
}

TEST_CASE("no upload passes one that waits for the window", "[http][budget]") {
  base::SystemClock clock;
  http::BudgetGate gate{clock, {.upload_bytes = 100, .upload_window = 1500ms}};
  const base::Duration begin = clock.monotonic();
  {
    auto pass = gate.enter("a", 60, {});
    pass.set_outcome(Outcome::answered);
  }
  std::jthread large{[&] {
    auto pass = gate.enter("a", 90, {});  // not before the first has left the window
    pass.set_outcome(Outcome::answered);
  }};
  while (gate.time_lost("a") == 0ms) std::this_thread::yield();
  // It would fit at once.
  const auto small = gate.enter("a", 10, {});
  CHECK(clock.monotonic() - begin >= 1500ms);
}

TEST_CASE("an upload that gives up lets the next one try", "[http][budget]") {
  base::SystemClock clock;
  http::BudgetGate gate{clock, {.upload_bytes = 100, .upload_window = 1h}};
  {
    auto pass = gate.enter("a", 60, {});
    pass.set_outcome(Outcome::answered);
  }
  std::stop_source stop;
  std::jthread large{[&] { CHECK_THROWS_AS(gate.enter("a", 90, stop.get_token()), base::Error); }};
  while (gate.time_lost("a") == 0ms) std::this_thread::yield();
  stop.request_stop();
  const auto small = gate.enter("a", 10, {});
}

TEST_CASE("a place that is given back unused costs nothing of the window", "[http][budget]") {
  test::VirtualClock clock;
  http::BudgetGate gate{clock, {.upload_bytes = 100}};
  for (int i = 0; i < 5; ++i) {
    auto pass = gate.enter("a", 90, {});
    pass.set_outcome(Outcome::not_sent);
  }
  CHECK(clock.slept() == 0s);
}

#include "src/base/side_by_side.h"

#include "tests/support/catch.h"

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

TEST_CASE("every action is called once, whatever the number of lanes", "[base]") {
  const auto lanes = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{100});
  std::vector<std::atomic<int>> calls(50);
  base::run_side_by_side(calls.size(), lanes, [&](std::size_t i) { ++calls[i]; });
  for (const std::atomic<int>& each : calls) CHECK(each == 1);
  base::run_side_by_side(0, lanes, [](std::size_t) { FAIL("nothing to call"); });
}

TEST_CASE("one lane is the calling thread", "[base]") {
  std::set<std::thread::id> threads;
  std::vector<std::size_t> order;
  base::run_side_by_side(5, 1, [&](std::size_t i) {
    threads.insert(std::this_thread::get_id());
    order.push_back(i);
  });
  CHECK(threads == std::set{std::this_thread::get_id()});
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4});
}

TEST_CASE("after a failure nothing new is begun, and it is thrown", "[base]") {
  const auto lanes = GENERATE(std::size_t{1}, std::size_t{4});
  std::atomic<int> calls{0};
  const auto act = [&] {
    base::run_side_by_side(100'000, lanes, [&](std::size_t i) {
      ++calls;
      if (i == 3) throw std::runtime_error{"the fourth"};
    });
  };
  CHECK_THROWS_WITH(act(), "the fourth");
  CHECK(calls < 100'000);
}

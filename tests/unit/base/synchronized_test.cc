#include "src/base/synchronized.h"

#include "tests/support/catch.h"

#include <thread>
#include <vector>

TEST_CASE("a synchronized value is changed by one thread at a time", "[base][synchronized]") {
  base::Synchronized<std::vector<int>> values;
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < 4; ++writer) {
      writers.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) values.lock()->push_back(i);
      });
    }
  }
  CHECK(values.lock()->size() == 4000);
}

TEST_CASE("waiting ends when the condition holds", "[base][synchronized]") {
  base::Synchronized<int> value{0};
  std::condition_variable_any changed;
  std::jthread writer{[&] {
    *value.lock() = 7;
    changed.notify_all();
  }};
  auto access = value.lock();
  CHECK(access.wait(changed, {}, [](int current) { return current == 7; }));
  CHECK(*access == 7);
}

TEST_CASE("waiting ends when it is told to stop", "[base][synchronized]") {
  base::Synchronized<int> value{0};
  std::condition_variable_any changed;
  bool held = true;
  {
    std::jthread waiter{[&](std::stop_token stop) {
      auto access = value.lock();
      held = access.wait(changed, stop, [](int current) { return current == 7; });
    }};
  }
  CHECK_FALSE(held);
}

#include "src/base/bounded_queue.h"

#include "tests/support/catch.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

TEST_CASE("elements leave in the order they came", "[base][queue]") {
  base::BoundedQueue<std::unique_ptr<int>> queue{10};
  REQUIRE(queue.push(std::make_unique<int>(1), 1, {}));
  REQUIRE(queue.push(std::make_unique<int>(2), 1, {}));
  CHECK(**queue.pop({}) == 1);
  CHECK(**queue.pop({}) == 2);
}

TEST_CASE("a closed queue gives what it holds and takes no more", "[base][queue]") {
  base::BoundedQueue<int> queue{10};
  REQUIRE(queue.push(1, 1, {}));
  queue.close();
  CHECK_FALSE(queue.push(2, 1, {}));
  CHECK(queue.pop({}) == 1);
  CHECK(queue.pop({}) == std::nullopt);
}

TEST_CASE("an element heavier than the queue passes alone", "[base][queue]") {
  base::BoundedQueue<int> queue{10};
  REQUIRE(queue.push(1, 100, {}));
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(queue.push(2, 1, stop.get_token()));  // would wait
  CHECK(queue.pop({}) == 1);
  CHECK(queue.push(2, 1, {}));
}

TEST_CASE("a stop frees those who wait", "[base][queue]") {
  base::BoundedQueue<int> queue{1};
  std::optional<int> popped = 7;
  {
    std::jthread consumer{[&](std::stop_token stop) { popped = queue.pop(stop); }};
  }
  CHECK(popped == std::nullopt);
  REQUIRE(queue.push(1, 1, {}));
  bool pushed = true;
  {
    std::jthread producer{[&](std::stop_token stop) { pushed = queue.push(2, 1, stop); }};
  }
  CHECK_FALSE(pushed);
}

TEST_CASE("nothing is lost or doubled between threads, and the bound holds", "[base][queue]") {
  constexpr int kProducers = 3;
  constexpr int kConsumers = 2;
  constexpr int kPerProducer = 2000;
  constexpr int kCapacity = 8;
  base::BoundedQueue<int> queue{kCapacity};
  std::atomic<int> inside{0};
  std::atomic<bool> bound_held{true};
  std::vector<std::atomic<int>> seen(kProducers * kPerProducer);
  {
    std::vector<std::jthread> consumers;
    for (int c = 0; c < kConsumers; ++c) {
      consumers.emplace_back([&] {
        while (const std::optional<int> element = queue.pop({})) {
          --inside;
          ++seen[static_cast<std::size_t>(*element)];
        }
      });
    }
    {
      std::vector<std::jthread> producers;
      for (int p = 0; p < kProducers; ++p) {
        producers.emplace_back([&, p] {
          for (int i = 0; i < kPerProducer; ++i) {
            queue.push(p * kPerProducer + i, 1, {});
            // Each consumer may hold one that it has taken but not counted.
            if (++inside > kCapacity + kConsumers) bound_held = false;
          }
        });
      }
    }
    queue.close();
  }
  CHECK(bound_held);
  for (const auto& times : seen) REQUIRE(times == 1);
}

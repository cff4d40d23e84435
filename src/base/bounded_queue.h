// A queue between threads whose bound is a weight (bytes, usually), so that memory stays flat.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace base {

// Thread-safe; any number of producers and consumers.
template <typename Element>
class BoundedQueue {
 public:
  // An element heavier than the capacity passes alone.
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // Waits for room. False when the queue was closed or `stop` came: the element was not taken.
  bool push(Element element, std::size_t weight, std::stop_token stop) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, stop,
                  [&] { return closed_ || elements_.empty() || weight_ + weight <= capacity_; });
    if (closed_ || stop.stop_requested()) return false;
    elements_.emplace_back(std::move(element), weight);
    weight_ += weight;
    changed_.notify_all();
    return true;
  }

  // Waits for an element. Empty when the queue was closed and drained, or `stop` came.
  std::optional<Element> pop(std::stop_token stop) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, stop, [&] { return closed_ || !elements_.empty(); });
    if (elements_.empty() || stop.stop_requested()) return std::nullopt;
    auto [element, weight] = std::move(elements_.front());
    elements_.pop_front();
    weight_ -= weight;
    changed_.notify_all();
    return std::move(element);
  }

  // No more elements will come; those inside can still be taken.
  void close() {
    std::lock_guard lock{mutex_};
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::pair<Element, std::size_t>> elements_;
  std::size_t capacity_;
  std::size_t weight_ = 0;
  bool closed_ = false;
};

}  // namespace base

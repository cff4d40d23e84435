// Events on their way from those who publish to those who listen.
#pragma once

#include "src/base/synchronized.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace web {

// As it goes over the wire. Shared: one event waits in the backlogs of a thousand readers.
using EventText = std::shared_ptr<const std::string>;

// Where publishers leave events, whatever the network does. Thread-safe; publishing never waits.
class EventHub {
 public:
  // `wake` is called, by the thread that publishes, when there is something to take again.
  EventHub(std::size_t most_bytes, std::function<void()> wake);

  // `json` is one line. What would exceed the bound is dropped, and take() says so.
  void publish(std::string_view event, std::string_view json);

  struct Taken {
    std::vector<EventText> events;
    bool lost_some = false;
  };
  [[nodiscard]] Taken take();

 private:
  struct Waiting {
    std::vector<EventText> events;
    std::size_t bytes = 0;
    bool lost_some = false;
  };

  std::size_t most_bytes_;
  std::function<void()> wake_;
  base::Synchronized<Waiting> waiting_;
};

// What one reader has still to get. Not thread-safe.
class EventBacklog {
 public:
  explicit EventBacklog(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  // False if the reader is too far behind: it gets no more.
  [[nodiscard]] bool push(EventText event);
  [[nodiscard]] bool empty() const { return events_.empty(); }
  // The oldest ones, about 64 KiB of them; they stay until they are dropped.
  [[nodiscard]] std::vector<EventText> front() const;
  void drop(std::size_t events);

 private:
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::deque<EventText> events_;
};

}  // namespace web

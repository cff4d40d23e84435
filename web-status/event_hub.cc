#include "web-status/event_hub.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <utility>

namespace web {

EventHub::EventHub(std::size_t most_bytes, std::function<void()> wake)
    : most_bytes_(most_bytes), wake_(std::move(wake)) {}

void EventHub::publish(std::string_view event, std::string_view json) {
  base::check(json.find_first_of("\r\n") == std::string_view::npos, "an event is one line");
  auto text =
      std::make_shared<const std::string>(base::text("event: ", event, "\ndata: ", json, "\n\n"));
  bool must_wake = false;
  {
    auto waiting = waiting_.lock();
    must_wake = waiting->events.empty() && !waiting->lost_some;
    if (waiting->bytes + text->size() > most_bytes_) {
      waiting->lost_some = true;
    } else {
      waiting->bytes += text->size();
      waiting->events.push_back(std::move(text));
    }
  }
  if (must_wake) wake_();
}

EventHub::Taken EventHub::take() {
  auto waiting = waiting_.lock();
  Waiting taken = std::exchange(*waiting, Waiting{});
  return {std::move(taken.events), taken.lost_some};
}

bool EventBacklog::push(EventText event) {
  if (bytes_ + event->size() > most_bytes_) return false;
  bytes_ += event->size();
  events_.push_back(std::move(event));
  return true;
}

std::vector<EventText> EventBacklog::front() const {
  constexpr std::size_t kEnoughBytes = 64 * 1024;
  constexpr std::size_t kEnoughEvents = 32;
  std::vector<EventText> oldest;
  std::size_t bytes = 0;
  for (const EventText& event : events_) {
    if (bytes >= kEnoughBytes || oldest.size() >= kEnoughEvents) break;
    bytes += event->size();
    oldest.push_back(event);
  }
  return oldest;
}

void EventBacklog::drop(std::size_t events) {
  for (; events > 0; --events) {
    bytes_ -= events_.front()->size();
    events_.pop_front();
  }
}

}  // namespace web

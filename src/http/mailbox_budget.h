// What the service grants one app on one mailbox, kept ahead of time: requests in flight, requests
// in a sliding window, bytes uploaded in a sliding window, and the waits that it asked for.
//
// Pure state: no clock, no lock. Instants are readings of one monotonic clock and never go back.
#pragma once

#include "src/base/clock.h"

#include <cstdint>
#include <deque>
#include <optional>

namespace http {

struct BudgetLimits {
  unsigned in_flight = 4;
  // A margin below the documented 10,000, for clocks that disagree.
  std::uint64_t requests = 9'600;
  base::Duration request_window = std::chrono::minutes{10};
  // A margin below the documented 150 MB.
  std::uint64_t upload_bytes = 148'000'000;
  base::Duration upload_window = std::chrono::minutes{5};
  // So many answers without one more complaint of concurrency widen a narrowed mailbox by one.
  unsigned successes_to_widen = 50;
};

// A sum over the last `window`, in steps of a second, so that its memory is bounded. Forgets late,
// never early.
class SlidingSum {
 public:
  explicit SlidingSum(base::Duration window) : window_(window) {}

  void add(base::Duration now, std::uint64_t amount);
  [[nodiscard]] std::uint64_t sum(base::Duration now);
  // How long until at most `target` remains. Zero if that is so already.
  [[nodiscard]] base::Duration until_at_most(base::Duration now, std::uint64_t target);

 private:
  struct Step {
    base::Duration last;  // of its additions
    std::uint64_t amount;
  };
  void forget(base::Duration now);

  base::Duration window_;
  std::deque<Step> steps_;
  std::uint64_t sum_ = 0;
};

class MailboxBudget {
 public:
  // What keeps a request from starting.
  enum class Obstacle : std::uint8_t {
    none,
    lanes,  // wait until a request ends
    held,   // the service told us to wait
    paced,  // a window is full
  };
  struct Admission {
    Obstacle obstacle = Obstacle::none;
    base::Duration wait{};         // for held and paced
    std::uint64_t generation = 0;  // to be given back with finish()
  };
  enum class Outcome : std::uint8_t {
    answered,
    too_many_at_once,  // 429 that names concurrency
    other,             // throttled otherwise, or failed
    not_sent,          // the place was given back unused: nothing was uploaded
  };

  explicit MailboxBudget(const BudgetLimits& limits);

  // Starts a request that uploads so many bytes, or tells what stands in its way. Requests and
  // bytes count from here until a whole window after finish(): the service saw them at some moment
  // in between. An upload beyond the whole window's limit starts alone.
  Admission start(base::Duration now, std::uint64_t upload_bytes);
  void finish(base::Duration now, const Admission& admission, std::uint64_t upload_bytes,
              Outcome outcome);
  // Nothing starts before `until`. The latest such instant counts.
  void hold(base::Duration until);

  [[nodiscard]] unsigned width() const { return width_; }
  [[nodiscard]] unsigned in_flight() const { return in_flight_; }

 private:
  BudgetLimits limits_;
  unsigned width_;
  unsigned in_flight_ = 0;
  unsigned successes_ = 0;
  std::uint64_t generation_ = 0;  // counts narrowings: one crowd of answers narrows once
  std::uint64_t uploading_bytes_ = 0;
  base::Duration held_until_{};
  SlidingSum requests_;
  SlidingSum uploads_;
};

}  // namespace http

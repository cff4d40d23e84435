#include "src/http/mailbox_budget.h"

#include <algorithm>

namespace http {
namespace {

constexpr base::Duration kStep = std::chrono::seconds{1};

}  // namespace

void SlidingSum::forget(base::Duration now) {
  while (!steps_.empty() && steps_.front().last + window_ <= now) {
    sum_ -= steps_.front().amount;
    steps_.pop_front();
  }
}

void SlidingSum::add(base::Duration now, std::uint64_t amount) {
  forget(now);
  if (amount == 0) return;
  if (!steps_.empty() && steps_.back().last / kStep == now / kStep) {
    steps_.back().last = now;
    steps_.back().amount += amount;
  } else {
    steps_.push_back({now, amount});
  }
  sum_ += amount;
}

std::uint64_t SlidingSum::sum(base::Duration now) {
  forget(now);
  return sum_;
}

base::Duration SlidingSum::until_at_most(base::Duration now, std::uint64_t target) {
  forget(now);
  std::uint64_t remaining = sum_;
  for (const Step& step : steps_) {
    if (remaining <= target) break;
    remaining -= step.amount;
    if (remaining <= target) return step.last + window_ - now;
  }
  return base::Duration{0};
}

MailboxBudget::MailboxBudget(const BudgetLimits& limits)
    : limits_(limits),
      width_(std::max(limits.in_flight, 1u)),
      requests_(limits.request_window),
      uploads_(limits.upload_window) {
  limits_.in_flight = width_;
  limits_.requests = std::max<std::uint64_t>(limits_.requests, width_);
}

MailboxBudget::Admission MailboxBudget::start(base::Duration now, std::uint64_t upload_bytes) {
  if (now < held_until_) return {Obstacle::held, held_until_ - now, generation_};
  if (in_flight_ >= width_) return {Obstacle::lanes, {}, generation_};

  // in_flight_ < limits_.requests, so the target below is not negative.
  const auto request_wait = requests_.until_at_most(now, limits_.requests - in_flight_ - 1);
  if (request_wait > base::Duration{0}) return {Obstacle::paced, request_wait, generation_};

  if (upload_bytes > 0) {
    const std::uint64_t wanted = uploading_bytes_ + upload_bytes;
    if (wanted > limits_.upload_bytes && uploading_bytes_ > 0)
      return {Obstacle::lanes, {}, generation_};
    const std::uint64_t target = wanted > limits_.upload_bytes ? 0 : limits_.upload_bytes - wanted;
    const auto upload_wait = uploads_.until_at_most(now, target);
    if (upload_wait > base::Duration{0}) return {Obstacle::paced, upload_wait, generation_};
  }
  ++in_flight_;
  uploading_bytes_ += upload_bytes;
  return {Obstacle::none, {}, generation_};
}

void MailboxBudget::finish(base::Duration now, const Admission& admission,
                           std::uint64_t upload_bytes, Outcome outcome) {
  --in_flight_;
  uploading_bytes_ -= upload_bytes;
  requests_.add(now, 1);
  if (outcome != Outcome::not_sent) uploads_.add(now, upload_bytes);
  if (outcome == Outcome::too_many_at_once) {
    successes_ = 0;
    if (admission.generation != generation_) return;  // it started before the last narrowing
    width_ = std::max(width_ / 2, 1u);
    ++generation_;
  } else if (outcome == Outcome::answered && width_ < limits_.in_flight &&
             ++successes_ >= limits_.successes_to_widen) {
    successes_ = 0;
    ++width_;
  }
}

void MailboxBudget::hold(base::Duration until) { held_until_ = std::max(held_until_, until); }

}  // namespace http

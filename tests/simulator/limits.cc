#include "tests/simulator/limits.h"

#include "src/base/error.h"

namespace simulator {

std::optional<Duration> FixedWindow::count(std::uint64_t amount, std::uint64_t limit,
                                           Duration window, Instant now) {
  if (used_ == 0 || now >= start_ + window) {
    start_ = now;
    used_ = 0;
  }
  if (used_ >= limit) return start_ + window - now;
  used_ += amount;
  return std::nullopt;
}

std::optional<Throttled> Limits::enter(std::string_view application, std::string_view mailbox,
                                       std::uint64_t upload_bytes, Instant now) {
  Use& use = uses_[{std::string{mailbox}, std::string{application}}];
  if (const auto wait = use.requests.count(1, settings_.requests, settings_.request_window, now)) {
    return Throttled{"Application is over its Requests limit.", *wait};
  }
  if (use.in_flight >= settings_.in_flight) {
    return Throttled{"Application is over its MailboxConcurrency limit.", std::chrono::seconds{1}};
  }
  if (upload_bytes > 0) {
    if (const auto wait =
            use.upload.count(upload_bytes, settings_.upload_bytes, settings_.upload_window, now)) {
      return Throttled{"Application is over its IncomingBytes limit.", *wait};
    }
  }
  ++use.in_flight;
  return std::nullopt;
}

void Limits::leave(std::string_view application, std::string_view mailbox) {
  Use& use = uses_[{std::string{mailbox}, std::string{application}}];
  base::check(use.in_flight > 0, "only a request that entered leaves");
  --use.in_flight;
}

void Limits::add_upload(std::string_view application, std::string_view mailbox, std::uint64_t bytes,
                        Instant now) {
  Use& use = uses_[{std::string{mailbox}, std::string{application}}];
  use.upload.count(bytes, ~std::uint64_t{0}, settings_.upload_window, now);
}

std::optional<Throttled> Limits::spend_units(std::string_view application, std::uint64_t units,
                                             std::size_t users, Instant now) {
  std::uint64_t limit = settings_.directory_units;
  if (limit == 0) limit = users < 50 ? 3500 : users <= 500 ? 5000 : 8000;
  FixedWindow& window = directory_units_[std::string{application}];
  const auto wait = window.count(units, limit, settings_.directory_window, now);
  if (!wait) return std::nullopt;
  return Throttled{"Request is throttled: the directory's resource units are used up.", *wait};
}

std::uint64_t Limits::in_flight(std::string_view mailbox) const {
  std::uint64_t sum = 0;
  for (auto use = uses_.lower_bound({std::string{mailbox}, ""});
       use != uses_.end() && use->first.first == mailbox; ++use) {
    sum += use->second.in_flight;
  }
  return sum;
}

}  // namespace simulator

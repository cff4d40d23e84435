#include "src/http/budget_gate.h"

#include "src/base/error.h"

#include <deque>
#include <functional>
#include <utility>

namespace http {

namespace {

// What a clock of whole milliseconds may be behind: the service's may have turned just before it
// refused, and ours be about to.
constexpr base::Duration kTick{1};

// An upload's place among those of its key, for as long as it waits. Used under the gate's mutex.
class PlaceInLine {
 public:
  // Ticket 0 stands in no line and is always first. `on_left` is called when the place is given up.
  template <typename OnLeft>
  PlaceInLine(std::deque<std::uint64_t>& line, std::uint64_t ticket, OnLeft on_left)
      : line_(line), ticket_(ticket), on_left_(std::move(on_left)) {
    if (ticket_ > 0) line_.push_back(ticket_);
  }
  ~PlaceInLine() {
    if (ticket_ == 0) return;
    std::erase(line_, ticket_);
    on_left_();
  }
  PlaceInLine(const PlaceInLine&) = delete;
  PlaceInLine& operator=(const PlaceInLine&) = delete;

  [[nodiscard]] bool is_first() const { return ticket_ == 0 || line_.front() == ticket_; }

 private:
  std::deque<std::uint64_t>& line_;
  std::uint64_t ticket_;
  std::function<void()> on_left_;
};

}  // namespace

BudgetGate::Pass::Pass(BudgetGate& gate, std::string key, MailboxBudget::Admission admission,
                       std::uint64_t upload_bytes)
    : gate_(&gate), key_(std::move(key)), admission_(admission), upload_bytes_(upload_bytes) {}

BudgetGate::Pass::Pass(Pass&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)),
      key_(std::move(other.key_)),
      admission_(other.admission_),
      upload_bytes_(other.upload_bytes_),
      outcome_(other.outcome_) {}

BudgetGate::Pass::~Pass() {
  if (gate_ != nullptr) gate_->leave(*this);
}

BudgetGate::BudgetGate(base::Clock& clock, const BudgetLimits& limits)
    : clock_(clock), limits_(limits) {}

BudgetGate::Entry& BudgetGate::entry(const std::string& key) {
  return entries_.try_emplace(key, limits_).first->second;
}

void BudgetGate::set_limits(const std::string& key, const BudgetLimits& limits) {
  std::lock_guard lock{mutex_};
  const bool is_new = entries_.try_emplace(key, limits).second;
  base::check(is_new, "limits are set before the first use of their key");
}

void BudgetGate::wait_for(Entry& entry, base::Duration wait, std::unique_lock<std::mutex>& lock,
                          std::stop_token stop) {
  if (entry.waiting++ == 0) entry.waiting_since = clock_.monotonic();
  lock.unlock();
  clock_.sleep_for(wait, std::move(stop));
  lock.lock();
  if (--entry.waiting == 0) entry.lost += clock_.monotonic() - entry.waiting_since;
}

BudgetGate::Pass BudgetGate::enter(const std::string& key, std::uint64_t upload_bytes,
                                   std::stop_token stop) {
  std::unique_lock lock{mutex_};
  Entry& mine = entry(key);
  const PlaceInLine place{mine.line, upload_bytes > 0 ? ++mine.tickets : 0, [&] {
                            ++mine.departures;
                            mine.left.notify_all();
                          }};
  while (!stop.stop_requested()) {
    if (!place.is_first()) {
      const auto seen = mine.departures;
      mine.left.wait(lock, stop, [&] { return mine.departures != seen; });
      continue;
    }
    const auto admission = mine.budget.start(clock_.monotonic(), upload_bytes);
    switch (admission.obstacle) {
      case MailboxBudget::Obstacle::none:
        return Pass{*this, key, admission, upload_bytes};
      case MailboxBudget::Obstacle::lanes: {
        const auto seen = mine.departures;
        mine.left.wait(lock, stop, [&] { return mine.departures != seen; });
        break;
      }
      case MailboxBudget::Obstacle::held:
      case MailboxBudget::Obstacle::paced:
        wait_for(mine, admission.wait, lock, stop);
        break;
    }
  }
  throw base::Error{base::ErrorKind::cancelled, "stopped while waiting for the mailbox's turn"};
}

void BudgetGate::hold(const std::string& key, base::Duration wait) {
  std::lock_guard lock{mutex_};
  entry(key).budget.hold(clock_.monotonic() + wait + kTick);
}

void BudgetGate::leave(const Pass& pass) noexcept {
  std::lock_guard lock{mutex_};
  Entry& mine = entry(pass.key_);
  mine.budget.finish(clock_.monotonic(), pass.admission_, pass.upload_bytes_, pass.outcome_);
  ++mine.departures;
  mine.left.notify_all();
}

base::Duration BudgetGate::time_lost() const {
  std::lock_guard lock{mutex_};
  base::Duration sum{};
  for (const auto& [key, entry] : entries_) {
    sum += entry.lost;
    if (entry.waiting > 0) sum += clock_.monotonic() - entry.waiting_since;
  }
  return sum;
}

base::Duration BudgetGate::time_lost(const std::string& key) const {
  std::lock_guard lock{mutex_};
  const auto found = entries_.find(key);
  if (found == entries_.end()) return base::Duration{0};
  const Entry& entry = found->second;
  return entry.waiting > 0 ? entry.lost + clock_.monotonic() - entry.waiting_since : entry.lost;
}

unsigned BudgetGate::width(const std::string& key) const {
  std::lock_guard lock{mutex_};
  const auto found = entries_.find(key);
  return found == entries_.end() ? limits_.in_flight : found->second.budget.width();
}

}  // namespace http

// The budgets of all mailboxes, over everything the process does at once: each request passes here
// first.
#pragma once

#include "src/base/clock.h"
#include "src/http/mailbox_budget.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

namespace http {

// Thread-safe; callers block on the clock and wake for their stop token.
class BudgetGate {
 public:
  // A request under way. Gives its place back when it goes.
  class Pass {
   public:
    Pass(Pass&& other) noexcept;
    Pass& operator=(Pass&&) = delete;
    ~Pass();

    // How the request ended; without it, the pass counts as failed.
    void set_outcome(MailboxBudget::Outcome outcome) { outcome_ = outcome; }

   private:
    friend class BudgetGate;
    Pass(BudgetGate& gate, std::string key, MailboxBudget::Admission admission,
         std::uint64_t upload_bytes);
    BudgetGate* gate_;
    std::string key_;
    MailboxBudget::Admission admission_;
    std::uint64_t upload_bytes_;
    MailboxBudget::Outcome outcome_ = MailboxBudget::Outcome::other;
  };

  // The clock outlives the gate, and the gate its passes. Keys get `limits` unless set_limits()
  // said otherwise.
  BudgetGate(base::Clock& clock, const BudgetLimits& limits);

  // For a key of another kind (the directory); before its first use.
  void set_limits(const std::string& key, const BudgetLimits& limits);

  // Waits until the key's budget lets the request start. While an upload waits for its share of the
  // window, none that comes later passes it. Error(cancelled) when `stop` came.
  Pass enter(const std::string& key, std::uint64_t upload_bytes, std::stop_token stop);
  // The service asked for it: nothing of this key starts for so long, and never a moment earlier.
  void hold(const std::string& key, base::Duration wait);

  // Time during which requests stood still because of hold() or a full window, summed over keys;
  // lanes of one key that wait together count once.
  [[nodiscard]] base::Duration time_lost() const;
  [[nodiscard]] base::Duration time_lost(const std::string& key) const;
  // The mailbox's present number of lanes, for display and tests.
  [[nodiscard]] unsigned width(const std::string& key) const;

 private:
  struct Entry {
    explicit Entry(const BudgetLimits& limits) : budget(limits) {}
    MailboxBudget budget;
    std::condition_variable_any left;
    std::uint64_t departures = 0;    // of requests, and from the line
    std::deque<std::uint64_t> line;  // tickets of the uploads that wait, first come first served
    std::uint64_t tickets = 0;
    unsigned waiting = 0;  // because of time, not for a lane
    base::Duration waiting_since{};
    base::Duration lost{};
  };

  Entry& entry(const std::string& key);
  // Sleeps without the lock, and counts the time.
  void wait_for(Entry& entry, base::Duration wait, std::unique_lock<std::mutex>& lock,
                std::stop_token stop);
  void leave(const Pass& pass) noexcept;

  base::Clock& clock_;
  const BudgetLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // never erased: references into it stay good
};

}  // namespace http

// A value that wears out: a token, an import session. Renewed by one caller at a time, used by
// many.
#pragma once

#include "src/base/error.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

namespace graph {

// Thread-safe. Values are shared because callers go on using one while it is being replaced.
template <typename Value>
class Renewable {
 public:
  // The present value while `usable(value)`, else what `renew()` returns. While one caller renews,
  // the others wait; if it throws, the next of them tries. Error(cancelled) when `stop` came while
  // waiting.
  template <typename Usable, typename Renew>
  std::shared_ptr<const Value> get(Usable usable, Renew renew, std::stop_token stop) {
    std::unique_lock lock{mutex_};
    while (!value_ || !usable(*value_)) {
      if (!renewing_) return renew_now(renew, lock);
      if (!changed_.wait(lock, stop, [&] { return !renewing_; })) {
        throw base::Error{base::ErrorKind::cancelled, "stopped while waiting to be let in"};
      }
    }
    return value_;
  }

  // The value was refused; the next get() renews it, unless that has happened already.
  void refuse(const std::shared_ptr<const Value>& refused) {
    std::lock_guard lock{mutex_};
    if (value_ == refused) value_.reset();
  }

 private:
  template <typename Renew>
  std::shared_ptr<const Value> renew_now(Renew& renew, std::unique_lock<std::mutex>& lock) {
    value_.reset();
    renewing_ = true;
    lock.unlock();
    std::shared_ptr<const Value> fresh;
    try {
      fresh = std::make_shared<const Value>(renew());
    } catch (...) {
      lock.lock();
      renewing_ = false;
      changed_.notify_all();
      throw;
    }
    lock.lock();
    renewing_ = false;
    value_ = fresh;
    changed_.notify_all();
    return fresh;
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<const Value> value_;
  bool renewing_ = false;
};

}  // namespace graph

// A value that can be reached only with its mutex held.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace base {

template <typename Value>
class Synchronized {
 public:
  template <typename... Arguments>
  explicit Synchronized(Arguments&&... arguments) : value_(std::forward<Arguments>(arguments)...) {}

  // Holds the lock while it lives.
  class Access {
   public:
    Value* operator->() { return value_; }
    Value& operator*() { return *value_; }
    // Waits until `condition(value)` holds; false if `stop` came first.
    template <typename Condition>
    bool wait(std::condition_variable_any& changed, std::stop_token stop, Condition condition) {
      return changed.wait(lock_, stop, [&] { return condition(*value_); });
    }

   private:
    friend class Synchronized;
    Access(std::mutex& mutex, Value& value) : lock_(mutex), value_(&value) {}
    std::unique_lock<std::mutex> lock_;
    Value* value_;
  };

  [[nodiscard]] Access lock() { return {mutex_, value_}; }
  [[nodiscard]] Access lock() const { return {mutex_, value_}; }

 private:
  mutable std::mutex mutex_;
  mutable Value value_;
};

}  // namespace base

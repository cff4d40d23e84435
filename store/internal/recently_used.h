// The values that were asked for last, up to a number of them.
#pragma once

#include "src/base/synchronized.h"

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <utility>

namespace store {

// Thread-safe. Values are copied out, because another thread may push them out of the cache at any
// time.
template <typename Key, typename Value>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(std::size_t most) : most_(most) {}

  [[nodiscard]] std::optional<Value> find(const Key& key) {
    auto state = state_.lock();
    const auto known = state->by_key.find(key);
    if (known == state->by_key.end()) return std::nullopt;
    state->recent.splice(state->recent.begin(), state->recent, known->second);
    return known->second->second;
  }

  // If the key is there already, its value stays.
  void insert(const Key& key, Value value) {
    auto state = state_.lock();
    if (state->by_key.contains(key)) return;
    state->recent.emplace_front(key, std::move(value));
    state->by_key.emplace(key, state->recent.begin());
    if (state->recent.size() <= most_) return;
    state->by_key.erase(state->recent.back().first);
    state->recent.pop_back();
  }

  void erase(const Key& key) {
    auto state = state_.lock();
    const auto known = state->by_key.find(key);
    if (known == state->by_key.end()) return;
    state->recent.erase(known->second);
    state->by_key.erase(known);
  }

  void clear() {
    auto state = state_.lock();
    state->by_key.clear();
    state->recent.clear();
  }

 private:
  using Recent = std::list<std::pair<Key, Value>>;
  struct State {
    Recent recent;  // last used first
    std::map<Key, typename Recent::iterator> by_key;
  };

  std::size_t most_;
  base::Synchronized<State> state_;
};

}  // namespace store

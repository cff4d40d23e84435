#include "web-status/login_throttle.h"

#include "src/base/text.h"
#include "web-status/network_address.h"

#include <algorithm>
#include <chrono>

namespace web {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Policy {
  unsigned free_failures;
  base::Duration longest;
};

constexpr Policy kForAccount{5, minutes{1}};
// Many people may come from one address.
constexpr Policy kForAddress{10, minutes{15}};
constexpr base::Duration kForgotten = hours{1};
constexpr base::Duration kTrustForgotten = hours{24 * 30};
constexpr std::size_t kLongestKey = 128;

std::string account_key(const std::string& account) {
  return base::text("account ", account).substr(0, kLongestKey);
}
std::string address_key(std::string_view address) {
  return base::text("address ", peer_group(address));
}
std::string pair_key(const std::string& account, std::string_view address) {
  return base::text(peer_group(address), " ", account).substr(0, kLongestKey);
}

base::Duration pause_after(unsigned failures, const Policy& policy) {
  if (failures < policy.free_failures) return {};
  const unsigned doublings = std::min(failures - policy.free_failures, 20U);
  return std::min<base::Duration>(seconds{1U << doublings}, policy.longest);
}

}  // namespace

const LoginThrottle::Entry* LoginThrottle::find(const std::string& key, base::Duration now) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  const Entry& entry = found->second;
  const base::Duration kept = entry.is_trusted ? kTrustForgotten : kForgotten;
  return now - entry.last < kept ? &entry : nullptr;
}

LoginThrottle::Entry& LoginThrottle::touch(const std::string& key, base::Duration now) {
  if (find(key, now) == nullptr) {
    entries_.erase(key);
    if (entries_.size() >= kMostEntries) {
      entries_.erase(std::ranges::min_element(entries_, {},
                                              [](const auto& entry) { return entry.second.last; }));
    }
  }
  Entry& entry = entries_[key];
  entry.last = now;
  return entry;
}

std::optional<base::Duration> LoginThrottle::wait_for(const std::string& account,
                                                      std::string_view address,
                                                      base::Duration now) const {
  const auto left = [&](const std::string& key, const Policy& policy) -> base::Duration {
    const Entry* entry = find(key, now);
    if (entry == nullptr) return {};
    return entry->last + pause_after(entry->failures, policy) - now;
  };
  const std::string pair = pair_key(account, address);
  const Entry* known = find(pair, now);
  const bool is_trusted = known != nullptr && known->is_trusted;
  const base::Duration wait = std::max(left(address_key(address), kForAddress),
                                       left(is_trusted ? pair : account_key(account), kForAccount));
  if (wait <= base::Duration{}) return std::nullopt;
  return wait;
}

void LoginThrottle::failed(const std::string& account, std::string_view address,
                           base::Duration now) {
  ++touch(address_key(address), now).failures;
  const std::string pair = pair_key(account, address);
  const Entry* known = find(pair, now);
  const bool is_trusted = known != nullptr && known->is_trusted;
  ++touch(is_trusted ? pair : account_key(account), now).failures;
}

void LoginThrottle::succeeded(const std::string& account, std::string_view address,
                              base::Duration now) {
  entries_.erase(address_key(address));
  Entry& entry = touch(pair_key(account, address), now);
  entry.failures = 0;
  entry.is_trusted = true;
}

}  // namespace web

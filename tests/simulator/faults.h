// Faults on demand: drawn from one seed at given rates, or ordered one by one.
#pragma once

#include "tests/simulator/random.h"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace simulator {

enum class Fault : std::uint8_t {
  reset,           // the connection dies before the answer; the request was not acted on
  cut_body,        // ... in the middle of the answer
  truncated_json,  // 200, whole by HTTP, but the JSON ends early
  slow_first_byte,
  throttled,            // 429 with Retry-After in seconds
  throttled_http_date,  // 429 with Retry-After as a date
  throttled_bare,       // 429 without Retry-After
  payload_read_error,   // 400 "IO error during request payload read"
  internal_error,       // 500
  bad_gateway,          // 502 with an HTML body
  unavailable,          // 503 without a body
  gateway_timeout,      // 504
  bandwidth_exceeded,   // 509
  locked,               // 423 resourceLocked
  token_expired,        // 401 although the token is good
  session_expired,      // 401 from an import URL although it is good
  delta_rejected,       // 410 syncStateNotFound although the token is good
  drop_element,         // an export answer lacks an element
  empty_element,        // ... or has one with neither data nor error
  capital_error,        // per-item errors are spelled "Error"
  element_error,        // an export element fails with ErrorInternalServerError
  late_delta,           // the newest changes show in a later round only
  repeated_delta,       // entries come twice
  empty_delta_page,     // no entries, and a nextLink
  lost_import_answer,   // the item was created, then the connection dies
  job_failed,           // an import job that was accepted fails, and nothing was imported
  // What no honest service does.
  foreign_link,        // a nextLink or deltaLink leads to the foreign origin
  foreign_redirect,    // 307 to the foreign origin
  foreign_import_url,  // an import session's URL leads there
};
inline constexpr std::size_t kFaultCount = 29;
inline constexpr std::size_t kHonestFaultCount = 26;

std::string_view name(Fault fault);
std::optional<Fault> fault_named(std::string_view name);

// Not thread-safe.
class Faults {
 public:
  explicit Faults(std::uint64_t seed) : random_(seed) {}

  // "seed=7,all=0.01,reset=0.05,poison=0.001": names of faults with their rates; "all" sets every
  // honest one; "poison" is the share of items that can never be exported, "rewrite" that of
  // imported items that are kept, and exported, as other bytes; "foreign_origin" is where foreign
  // links lead, in place of scheme and host. Throws base::Error(usage).
  void configure(std::string_view specification);
  void set_rate(Fault fault, double rate) { rates_[static_cast<std::size_t>(fault)] = rate; }
  void set_poison_rate(double rate) { poison_rate_ = rate; }
  void clear();

  // The next request of that operation (or any, if empty) that could suffer the fault will, after
  // `skip` others.
  void order(Fault fault, std::string operation, std::uint64_t skip = 0);

  // Whether it strikes now. Each call is one draw.
  bool strikes(Fault fault, std::string_view operation);
  // Whether the item that is imported now is kept as other bytes. Each call is one draw.
  bool rewrites();
  // Decided by the search key alone, so a poisoned item stays so.
  [[nodiscard]] bool poisons(std::string_view item_identity) const;
  void poison(std::string item_identity) { poisoned_.insert(std::move(item_identity)); }
  [[nodiscard]] const std::string& foreign_origin() const { return foreign_origin_; }
  void heal(const std::string& item_identity) { poisoned_.erase(item_identity); }

 private:
  struct Order {
    Fault fault;
    std::string operation;
    std::uint64_t skip;
  };

  std::uint64_t seed_ = 0;
  Random random_;
  std::array<double, kFaultCount> rates_{};
  double poison_rate_ = 0;
  double rewrite_rate_ = 0;
  std::string foreign_origin_ = "https://foreign.example";
  std::deque<Order> orders_;
  std::set<std::string, std::less<>> poisoned_;
};

}  // namespace simulator

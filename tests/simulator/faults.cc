#include "tests/simulator/faults.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <charconv>

namespace simulator {
namespace {

constexpr std::array<std::string_view, kFaultCount> kNames = {"reset",
                                                              "cut_body",
                                                              "truncated_json",
                                                              "slow_first_byte",
                                                              "throttled",
                                                              "throttled_http_date",
                                                              "throttled_bare",
                                                              "payload_read_error",
                                                              "internal_error",
                                                              "bad_gateway",
                                                              "unavailable",
                                                              "gateway_timeout",
                                                              "bandwidth_exceeded",
                                                              "locked",
                                                              "token_expired",
                                                              "session_expired",
                                                              "delta_rejected",
                                                              "drop_element",
                                                              "empty_element",
                                                              "capital_error",
                                                              "element_error",
                                                              "late_delta",
                                                              "repeated_delta",
                                                              "empty_delta_page",
                                                              "lost_import_answer",
                                                              "job_failed",
                                                              "foreign_link",
                                                              "foreign_redirect",
                                                              "foreign_import_url"};

double rate_of(std::string_view part, std::string_view value) {
  double rate = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, rate);
  if (error != std::errc{} || stop != end || rate < 0 || rate > 1) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("'", part, "' is no fault rate: NAME=0.01 is meant")};
  }
  return rate;
}

std::string known_names() {
  std::string names = "seed, all, poison, rewrite, foreign_origin";
  for (const std::string_view each : kNames) names += base::text(", ", each);
  return names;
}

}  // namespace

std::string_view name(Fault fault) { return kNames[static_cast<std::size_t>(fault)]; }

std::optional<Fault> fault_named(std::string_view name) {
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (kNames[i] == name) return static_cast<Fault>(i);
  }
  return std::nullopt;
}

void Faults::configure(std::string_view specification) {
  for (const std::string& part : base::split(specification, ',')) {
    if (base::trim(part).empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string key{base::trim(std::string_view{part}.substr(0, equals))};
    const std::string value{
        base::trim(std::string_view{part}.substr(std::min(equals + 1, part.size())))};
    if (key == "seed") {
      seed_ = mix_text(value);
      random_ = Random{seed_};
    } else if (key == "all") {
      std::fill_n(rates_.begin(), kHonestFaultCount, rate_of(part, value));
    } else if (key == "poison") {
      poison_rate_ = rate_of(part, value);
    } else if (key == "rewrite") {
      rewrite_rate_ = rate_of(part, value);
    } else if (key == "foreign_origin") {
      foreign_origin_ = value;
    } else if (const auto fault = fault_named(key)) {
      set_rate(*fault, rate_of(part, value));
    } else {
      throw base::Error{base::ErrorKind::usage,
                        base::text("there is no fault '", key, "'; there are ", known_names())};
    }
  }
}

void Faults::clear() {
  rates_.fill(0);
  poison_rate_ = 0;
  rewrite_rate_ = 0;
  orders_.clear();
  poisoned_.clear();
}

void Faults::order(Fault fault, std::string operation, std::uint64_t skip) {
  orders_.push_back({fault, std::move(operation), skip});
}

bool Faults::strikes(Fault fault, std::string_view operation) {
  for (auto order = orders_.begin(); order != orders_.end(); ++order) {
    if (order->fault != fault) continue;
    if (!order->operation.empty() && order->operation != operation) continue;
    if (order->skip-- > 0) break;
    orders_.erase(order);
    return true;
  }
  const double rate = rates_[static_cast<std::size_t>(fault)];
  return rate > 0 && random_.chance(rate);
}

bool Faults::rewrites() { return rewrite_rate_ > 0 && random_.chance(rewrite_rate_); }

bool Faults::poisons(std::string_view item_identity) const {
  if (poisoned_.contains(item_identity)) return true;
  return poison_rate_ > 0 && Random{mix({seed_, mix_text(item_identity)})}.chance(poison_rate_);
}

}  // namespace simulator

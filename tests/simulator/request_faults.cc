#include "tests/simulator/request_faults.h"

#include "src/base/text.h"
#include "tests/simulator/json.h"

#include <algorithm>

namespace simulator {
namespace {

constexpr Duration kThrottleWait = std::chrono::seconds{2};
constexpr Duration kSlowness = std::chrono::milliseconds{700};
// Cut within the first pieces of an export, most of the time in the middle of an item.
constexpr std::uint64_t kLargestCut = 100'000;

// Ends early, without any sign of it.
class ShortenedBody final : public BodySource {
 public:
  ShortenedBody(std::unique_ptr<BodySource> whole, std::uint64_t bytes)
      : whole_(std::move(whole)), left_(bytes) {}

  std::optional<std::string> next() override {
    if (left_ == 0) return std::nullopt;
    auto piece = whole_->next();
    if (!piece) return std::nullopt;
    if (piece->size() > left_) piece->resize(left_);
    left_ -= piece->size();
    return piece;
  }

 private:
  std::unique_ptr<BodySource> whole_;
  std::uint64_t left_;
};

bool is_json(const Response& response) {
  return find_header(response.headers, "Content-Type").value_or("").starts_with("application/json");
}

}  // namespace

void redirect_if_struck(World& world, std::string_view operation) {
  if (!world.strikes(Fault::foreign_redirect, operation)) return;
  throw Refusal{307, "", "", {{"Location", world.faults.foreign_origin() + "/v1.0/users"}}};
}

RequestFaults::RequestFaults(World& world, std::string_view operation, std::string mailbox,
                             Instant now)
    : world_(world), operation_(operation), mailbox_(std::move(mailbox)) {
  reset_ = strikes(Fault::reset);
  if (reset_) return;
  throttle(now);
  redirect_if_struck(world, operation);
  if (strikes(Fault::token_expired)) {
    throw Refusal{401, "InvalidAuthenticationToken", "Lifetime validation failed."};
  }
  if (strikes(Fault::payload_read_error)) {
    throw Refusal{400, "BadRequest", "IO error during request payload read."};
  }
  if (strikes(Fault::internal_error)) {
    throw Refusal{500, "generalException", "An error occurred while processing this request."};
  }
  if (strikes(Fault::bad_gateway)) throw Refusal{502, "", ""};
  if (strikes(Fault::unavailable)) throw Refusal{503, "", ""};
  if (strikes(Fault::gateway_timeout)) {
    throw Refusal{504, "UnknownError", "The service did not answer in time."};
  }
  if (strikes(Fault::bandwidth_exceeded)) throw Refusal{509, "", ""};
  if (strikes(Fault::locked)) throw Refusal{423, "resourceLocked", "The resource is locked."};
}

bool RequestFaults::strikes(Fault fault) const { return world_.strikes(fault, operation_); }

void RequestFaults::throttle(Instant now) const {
  const auto refuse = [&](Duration hold, Headers headers) {
    world_.hold(mailbox_, now + hold, now);
    throw Refusal{429, "ApplicationThrottled", "Application is over its limit.",
                  std::move(headers)};
  };
  if (strikes(Fault::throttled)) {
    refuse(kThrottleWait, {{"Retry-After", retry_after_seconds(kThrottleWait)}});
  }
  if (strikes(Fault::throttled_http_date)) {
    const Instant until = std::chrono::ceil<std::chrono::seconds>(now + kThrottleWait);
    refuse(until - now, {{"Retry-After", http_date(until + world_.date_offset)}});
  }
  if (strikes(Fault::throttled_bare)) refuse(Duration{0}, {});
}

Response RequestFaults::reset_response() {
  Response response;
  response.fault.reset = true;
  return response;
}

void RequestFaults::mislead(Response& response, Fault fault, std::string_view member,
                            const std::string& origin) const {
  const std::string before = base::text(member, "\":\"");
  const std::size_t found = response.body.find(before + origin);
  if (found == std::string::npos || !strikes(fault)) return;
  std::string foreign = Json(world_.faults.foreign_origin()).dump();
  foreign = foreign.substr(1, foreign.size() - 2);
  response.body.replace(found + before.size(), origin.size(), foreign);
}

void RequestFaults::spoil(Response& response) const {
  if (response.status >= 300 || (response.body.empty() && !response.stream)) return;
  mislead(response, Fault::foreign_link, "Link", world_.origins.graph);
  mislead(response, Fault::foreign_import_url, "importUrl", world_.origins.import);
  if (strikes(Fault::slow_first_byte)) response.fault.first_byte_delay = kSlowness;
  const std::uint64_t length = response.stream ? kLargestCut : response.body.size();
  const std::uint64_t draw = mix({world_.seed, world_.request_number, mix_text(operation_)});
  if (strikes(Fault::cut_body)) {
    response.fault.cut_after_bytes = draw % length;
  } else if (is_json(response) && strikes(Fault::truncated_json)) {
    if (response.stream) {
      response.stream =
          std::make_unique<ShortenedBody>(std::move(response.stream), 1 + draw % length);
    } else {
      response.body.resize(draw % length);
    }
  }
}

}  // namespace simulator

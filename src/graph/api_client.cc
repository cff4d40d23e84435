#include "src/graph/api_client.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/base/text.h"

#include <algorithm>
#include <optional>

namespace graph {
namespace {

using base::Error;
using base::ErrorKind;

// Far above any page; far below what would hurt.
constexpr std::size_t kLongestDocument = 8 * 1024 * 1024;
constexpr std::size_t kLongestError = 256 * 1024;
// In a row, before 401 is taken for the answer: fewer would give a mailbox up for a passing fault.
constexpr unsigned kFreshTokens = 2;
constexpr auto kDocumentIdle = std::chrono::minutes{3};
// The service assembles a large answer before its first byte.
constexpr auto kStreamIdle = std::chrono::minutes{10};

bool is_success(int status) { return status >= 200 && status < 300; }

// Sends the body of a success one way and that of a refusal another, and counts both.
class SplitSink final : public http::BodySink {
 public:
  SplitSink(http::BodySink& success, std::atomic<std::uint64_t>& received)
      : success_(success), received_(received) {}

  void on_head(const http::ResponseHead& head) override {
    succeeds_ = is_success(head.status);
    if (succeeds_) success_.on_head(head);
  }

  void on_body(base::ByteView piece) override {
    received_ += piece.size();
    if (succeeds_) {
      success_.on_body(piece);
    } else if (refusal_.size() < kLongestError) {
      refusal_.append(
          base::as_text(piece.first(std::min(piece.size(), kLongestError - refusal_.size()))));
    }
  }

  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  http::BodySink& success_;
  std::atomic<std::uint64_t>& received_;
  bool succeeds_ = false;
  std::string refusal_;
};

void throw_if_stopped(const Call& call, bool stopped) {
  if (!stopped) return;
  throw Error{ErrorKind::cancelled, base::text("stopped while ", name(call.operation))};
}

bool names_concurrency(const ServiceError& error) {
  return base::to_lower(error.message).find("concurrency") != std::string::npos;
}

http::MailboxBudget::Outcome budget_outcome(const http::Transfer& transfer,
                                            const ServiceError& error) {
  using Outcome = http::MailboxBudget::Outcome;
  if (!transfer.arrived()) return Outcome::other;
  if (transfer.head.status == 429 && names_concurrency(error)) return Outcome::too_many_at_once;
  return transfer.head.status < 429 ? Outcome::answered : Outcome::other;
}

bool tells_of_limits(std::string_view name) {
  const std::string lower = base::to_lower(name);
  return lower == "retry-after" || lower.starts_with("x-ms-") || lower.starts_with("ratelimit-") ||
         lower.starts_with("x-ratelimit-");
}

}  // namespace

CountedRequest::CountedRequest(const Wiring& wiring, Operation operation, std::uint64_t body_bytes)
    : wiring_(wiring), operation_(operation) {
  ++wiring.counters.requests;
  wiring.counters.sent_bytes += body_bytes;
}

CountedRequest::~CountedRequest() {
  if (wiring_.on_request) wiring_.on_request(operation_, status_);
}

void Wiring::count_throttled(const http::ResponseHead& head) const {
  ++counters.throttled;
  if (http::retry_after(head, clock.now())) ++counters.throttled_told;
}

ServiceStatistics statistics_of(const Wiring& wiring) {
  ServiceStatistics statistics;
  statistics.requests = wiring.counters.requests;
  statistics.retried = wiring.counters.retried;
  statistics.throttled = wiring.counters.throttled;
  statistics.throttled_told = wiring.counters.throttled_told;
  statistics.throttled_time = wiring.gate.time_lost();
  statistics.received_bytes = wiring.counters.received_bytes;
  statistics.sent_bytes = wiring.counters.sent_bytes;
  return statistics;
}

struct ApiClient::Attempted {
  http::Transfer transfer;
  ServiceError error;
  std::shared_ptr<const Token> token;
  std::optional<http::BudgetGate::Pass> pass;
};

ApiClient::ApiClient(std::string graph_url, TokenSource& tokens, const Wiring& wiring)
    : graph_url_(std::move(graph_url)), tokens_(tokens), wiring_(wiring) {
  const auto url = http::parse_url(graph_url_);
  if (!url) throw Error{ErrorKind::usage, base::text("graph_url is not a plain http or https URL")};
  origin_ = url->origin;
}

bool ApiClient::is_own(std::string_view link) const {
  const auto url = http::parse_url(link);
  return url && url->origin == origin_;
}

void ApiClient::check_own(std::string_view link) const {
  if (is_own(link)) return;
  throw Error{ErrorKind::protocol,
              base::text("the service's answer leads to ", http::shown_origin(link),
                         ", which is not ", origin_.text(), "; nothing was sent there")};
}

void ApiClient::log_answer(const Call& call, const Attempted& attempted,
                           const std::string& request_id) const {
  const auto& head = attempted.transfer.head;
  std::string limits;
  for (const http::Header& header : head.headers) {
    if (tells_of_limits(header.name)) {
      limits +=
          base::text(" ", bounded_text(header.name, 60), "=", bounded_text(header.value, 120));
    }
  }
  // Whoever asks the service's support about a refusal is asked for its request-id.
  const bool refused = !attempted.transfer.arrived() || head.status >= 400;
  base::log(
      refused ? base::LogLevel::info : base::LogLevel::debug, name(call.operation), " [",
      call.budget, "]: ",
      attempted.transfer.arrived() ? base::text("status ", head.status) : attempted.transfer.detail,
      attempted.error.text().empty() ? "" : " ", attempted.error.text(),
      " client-request-id=", request_id,
      " request-id=", bounded_text(head.header("request-id").value_or(""), 80), limits);
}

ApiClient::Attempted ApiClient::send(const Call& call, bool streams, http::BodySink& sink,
                                     std::stop_token stop) {
  check_own(call.url);
  Attempted attempted;
  attempted.token = tokens_.token(stop);
  const std::string request_id = base::new_uuid();
  http::Request request{.method = call.method, .url = call.url, .headers = call.headers};
  request.headers.push_back({"Authorization", base::text("Bearer ", attempted.token->text.text())});
  request.headers.push_back({"Accept", std::string{call.accept}});
  request.headers.push_back({"client-request-id", request_id});
  const bool is_upload = call.stream != nullptr;
  if (is_upload) {
    request.headers.push_back({"Content-Type", "application/octet-stream"});
    request.body_source = call.stream;
  } else if (!call.body.empty()) {
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = call.body;
  }
  request.streams_answer = streams;
  request.idle_timeout =
      streams || is_upload ? base::Duration{kStreamIdle} : base::Duration{kDocumentIdle};

  const std::uint64_t body_bytes = is_upload ? call.stream->size_bytes() : call.body.size();
  attempted.pass.emplace(wiring_.gate.enter(call.budget, body_bytes, stop));
  if (is_upload) call.stream->rewind();
  CountedRequest counted{wiring_, call.operation, body_bytes};
  SplitSink split{sink, wiring_.counters.received_bytes};
  attempted.transfer = wiring_.transport.perform(request, split, stop);
  counted.ended(attempted.transfer);
  if (attempted.transfer.arrived() && !is_success(attempted.transfer.head.status)) {
    attempted.error = refusal_in(attempted.transfer.head, split.refusal());
  }
  attempted.pass->set_outcome(budget_outcome(attempted.transfer, attempted.error));
  log_answer(call, attempted, request_id);
  return attempted;
}

bool ApiClient::renews_token(const Attempted& attempted, unsigned& in_a_row) {
  if (attempted.transfer.head.status != 401) {
    in_a_row = 0;
    return false;
  }
  if (++in_a_row > kFreshTokens) return false;
  tokens_.refuse(attempted.token);
  ++wiring_.counters.retried;
  return true;
}

void ApiClient::wait(const Call& call, const http::Verdict& verdict, Attempted& attempted,
                     std::stop_token stop) {
  if (verdict.throttled) wiring_.count_throttled(attempted.transfer.head);
  if (verdict.holds_others) wiring_.gate.hold(call.budget, verdict.wait);
  attempted.pass.reset();
  if (verdict.action != http::Action::repeat) return;
  ++wiring_.counters.retried;
  if (!verdict.holds_others) wiring_.clock.sleep_for(verdict.wait, stop);
  throw_if_stopped(call, stop.stop_requested());
}

void ApiClient::fail(const Call& call, const Attempted& attempted) const {
  const auto& transfer = attempted.transfer;
  const auto doing = name(call.operation);
  switch (transfer.failure) {
    case http::TransferFailure::none:
      break;
    case http::TransferFailure::untrusted:
      throw Error{ErrorKind::failed,
                  base::text(doing, ": ", transfer.detail,
                             "; check ca_file and the certificate of the service")};
    case http::TransferFailure::too_large:
      throw Error{ErrorKind::protocol, base::text(doing, ": ", transfer.detail)};
    default:
      throw Error{ErrorKind::unavailable, base::text(doing, ": ", transfer.detail)};
  }
  throw Error{ErrorKind::unavailable,
              base::text(doing, ": the service stayed unavailable (status ", transfer.head.status,
                         " ", attempted.error.text(), ")")};
}

void ApiClient::throw_unless_final(const Call& call, const Attempted& attempted) const {
  if (!attempted.transfer.arrived()) fail(call, attempted);
  const int status = attempted.transfer.head.status;
  const auto doing = name(call.operation);
  if (status == 401) {
    throw Error{ErrorKind::denied, base::text("the service refuses the token of the ", name(app()),
                                              " for ", doing, " (", attempted.error.text(), ")")};
  }
  if (status == 403) {
    throw Error{
        ErrorKind::denied,
        base::text("the service refuses ", doing, " (", attempted.error.text(), "): the ",
                   name(app()), " needs the application permission ", permission(call.operation),
                   " with admin consent, and an Exchange role scope must include the mailbox")};
  }
  if (is_redirect(status)) {
    throw Error{ErrorKind::protocol,
                base::text(doing, ": the service answered with ", attempted.error.message)};
  }
  if (status == 423 || status == 429 || status == 500 || (status >= 502 && status != 507)) {
    fail(call, attempted);
  }
}

Answer ApiClient::ask(const Call& call, std::stop_token stop) {
  unsigned fresh_tokens = 0;
  for (unsigned attempt = 1;; ++attempt) {
    http::CollectingSink body{kLongestDocument};
    Attempted attempted = send(call, false, body, stop);
    throw_if_stopped(call, attempted.transfer.failure == http::TransferFailure::cancelled);
    if (renews_token(attempted, fresh_tokens)) continue;
    Answer answer;
    std::optional<Error> broken;
    // What was asked for is never nothing: a page that was cut, to its first byte or another one,
    // is worth another try.
    const int status = attempted.transfer.head.status;
    const bool may_say_nothing = call.method != "GET" || status == 202 || status == 204;
    if (attempted.transfer.arrived() && is_success(status) &&
        !(may_say_nothing && body.text().empty())) {
      try {
        answer.document = Json::parse(body.text());
      } catch (const Error& error) {
        broken = error;
      }
    }
    const bool cut_request =
        attempted.transfer.head.status == 400 && attempted.error.says_request_unread();
    http::Transfer judged = attempted.transfer;
    if (cut_request) judged.head.status = 502;
    const auto verdict = http::judge(
        {judged, attempt, !broken.has_value(), wiring_.clock.now(), wiring_.jitter.next()},
        http::Repeatable::yes);
    wait(call, verdict, attempted, stop);
    if (verdict.action == http::Action::repeat) continue;
    if (broken) throw Error{*broken}.add_context(std::string{name(call.operation)});
    if (cut_request) fail(call, attempted);
    throw_unless_final(call, attempted);
    answer.head = std::move(attempted.transfer.head);
    answer.error = std::move(attempted.error);
    return answer;
  }
}

StreamOutcome ApiClient::stream(const Call& call, http::BodySink& sink, std::stop_token stop) {
  const http::AttemptLimits limits{.broken = 1};
  unsigned fresh_tokens = 0;
  for (unsigned attempt = 1;; ++attempt) {
    Attempted attempted = send(call, true, sink, stop);
    throw_if_stopped(call, attempted.transfer.failure == http::TransferFailure::cancelled);
    if (renews_token(attempted, fresh_tokens)) continue;
    const auto verdict =
        http::judge({attempted.transfer, attempt, true, wiring_.clock.now(), wiring_.jitter.next()},
                    http::Repeatable::yes, limits);
    wait(call, verdict, attempted, stop);
    if (verdict.action == http::Action::repeat) continue;
    const auto failure = attempted.transfer.failure;
    const int status = attempted.transfer.head.status;
    const bool broke_off = failure == http::TransferFailure::interrupted ||
                           failure == http::TransferFailure::timed_out ||
                           (attempted.transfer.arrived() && (status == 500 || status == 502));
    if (!broke_off) throw_unless_final(call, attempted);
    return {std::move(attempted.transfer), std::move(attempted.error)};
  }
}

Submission ApiClient::submit(const Call& call, std::stop_token stop) {
  unsigned fresh_tokens = 0;
  for (unsigned attempt = 1;; ++attempt) {
    http::CollectingSink body{kLongestDocument};
    Attempted attempted = send(call, false, body, stop);
    http::Transfer& transfer = attempted.transfer;
    if (transfer.failure == http::TransferFailure::cancelled) {
      return {std::nullopt, base::text("stopped while ", name(call.operation))};
    }
    if (renews_token(attempted, fresh_tokens)) continue;
    http::Transfer judged = transfer;
    // As good as not sent: the service could not read it, so it cannot have acted on it.
    if (judged.head.status == 400 && attempted.error.says_request_unread()) {
      judged.failure = http::TransferFailure::not_sent;
    }
    const auto verdict =
        http::judge({judged, attempt, true, wiring_.clock.now(), wiring_.jitter.next()},
                    http::Repeatable::unless_sent);
    wait(call, verdict, attempted, stop);
    if (verdict.action == http::Action::repeat) continue;
    if (verdict.action == http::Action::lost) {
      return {std::nullopt, transfer.arrived()
                                ? base::text("the service answered ", transfer.head.status, " ",
                                             attempted.error.text())
                                : transfer.detail};
    }
    throw_unless_final(call, attempted);
    Answer answer;
    if (is_success(transfer.head.status) && !body.text().empty()) {
      try {
        answer.document = Json::parse(body.text());
      } catch (const Error& error) {
        return {std::nullopt, base::text("accepted, but ", error.message())};
      }
    }
    answer.head = std::move(transfer.head);
    answer.error = std::move(attempted.error);
    return {std::move(answer)};
  }
}

base::Error unexpected_answer(Operation operation, const Answer& answer) {
  return {base::ErrorKind::protocol, base::text(name(operation), ": the service answered ",
                                                answer.status(), " ", answer.error.text())};
}

}  // namespace graph

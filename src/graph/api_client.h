// The one place where a call to the Graph service is sent: authorised, paced, repeated, counted and
// logged.
#pragma once

#include "src/base/clock.h"
#include "src/base/text.h"
#include "src/graph/json.h"
#include "src/graph/mailbox_service.h"
#include "src/graph/operation.h"
#include "src/graph/service_error.h"
#include "src/graph/token_source.h"
#include "src/http/budget_gate.h"
#include "src/http/jitter.h"
#include "src/http/retry_policy.h"
#include "src/http/transport.h"
#include "src/http/url.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace graph {

// Shared by all clients of a tenant; every member is safe for any thread.
struct Counters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> retried{0};
  std::atomic<std::uint64_t> throttled{0};
  std::atomic<std::uint64_t> throttled_told{0};
  std::atomic<std::uint64_t> received_bytes{0};
  std::atomic<std::uint64_t> sent_bytes{0};
};

// What a tenant's clients share; all of it outlives them.
struct Wiring {
  http::Transport& transport;
  base::Clock& clock;
  http::BudgetGate& gate;
  http::Jitter& jitter;
  Counters& counters;
  std::function<void(Operation operation, int status)> on_request{};  // may be empty

  void count_throttled(const http::ResponseHead& head) const;
};

ServiceStatistics statistics_of(const Wiring& wiring);

// A request that is being sent: counted, and told when it is over, also where what takes its answer
// throws.
class CountedRequest {
 public:
  CountedRequest(const Wiring& wiring, Operation operation, std::uint64_t body_bytes);
  ~CountedRequest();
  CountedRequest(const CountedRequest&) = delete;
  CountedRequest& operator=(const CountedRequest&) = delete;

  void ended(const http::Transfer& transfer) {
    status_ = transfer.arrived() ? transfer.head.status : 0;
  }

 private:
  const Wiring& wiring_;
  Operation operation_;
  int status_ = 0;
};

struct Call {
  Operation operation = Operation::list_folders;
  std::string budget{};  // whose: a mailbox's id, or kDirectoryBudget
  std::string url{};     // whole
  std::string method = "GET";
  std::vector<http::Header> headers{};  // besides the usual ones
  std::string body{};                   // JSON; may be empty
  // Instead of `body`: a stream. Outlives the call; read from its beginning for each attempt.
  http::BodySource* stream = nullptr;
  std::string_view accept = "application/json";
};

inline constexpr std::string_view kDirectoryBudget = "directory";

// An answer that is final and for the caller to judge: any success, and the refusals that are about
// the thing asked for (400, 404, 409, 410, 413 ...).
struct Answer {
  http::ResponseHead head;
  Json document;       // of a success; null where the body was empty
  ServiceError error;  // else

  [[nodiscard]] int status() const { return head.status; }
  [[nodiscard]] bool succeeded() const { return head.status >= 200 && head.status < 300; }
  // The service says that the object is not there. A 404 without its words may be anybody's on the
  // way.
  [[nodiscard]] bool says_gone() const {
    return head.status == 410 || (head.status == 404 && !error.code.empty());
  }
};

// Error(protocol) with the service's words: the answer is no success, and none that is known.
base::Error unexpected_answer(Operation operation, const Answer& answer);

// What came of one call whose success was streamed to a sink. Transfers that broke off, and 500 and
// 502, are outcomes here: only the sink's owner knows what is still missing.
struct StreamOutcome {
  http::Transfer transfer;
  ServiceError error;

  [[nodiscard]] bool succeeded() const {
    return transfer.arrived() && transfer.head.status >= 200 && transfer.head.status < 300;
  }
};

// What became of a call that does harm if the service acts on it twice.
struct Submission {
  std::optional<Answer> answer;  // empty: the service may have acted on it, and nobody knows
  std::string doubt{};           // why, then
};

// Thread-safe. Throws Error(denied), Error(unavailable), Error(protocol), Error(cancelled).
class ApiClient {
 public:
  // `graph_url` with the version, without a slash at its end. The tokens outlive the client.
  ApiClient(std::string graph_url, TokenSource& tokens, const Wiring& wiring);

  // A small document, asked for until the retry policy is at its end.
  Answer ask(const Call& call, std::stop_token stop);
  // Repeats only what was throttled or never sent, or refused for its token; so `sink` gets at most
  // one body.
  StreamOutcome stream(const Call& call, http::BodySink& sink, std::stop_token stop);
  // Repeats only what the service cannot have acted on. What somebody stopped while it was under
  // way is in doubt.
  Submission submit(const Call& call, std::stop_token stop);

  // graph_url and what is given: url("/users/", id).
  template <typename... Parts>
  [[nodiscard]] std::string url(const Parts&... parts) const {
    return base::text(graph_url_, parts...);
  }
  // Whether a link that came in an answer leads to the service itself. To others nothing is ever
  // sent.
  [[nodiscard]] bool is_own(std::string_view link) const;
  // Error(protocol) naming the foreign host unless it is_own().
  void check_own(std::string_view link) const;

  [[nodiscard]] App app() const { return tokens_.app(); }

 private:
  // One transfer. Its place in the budget is kept until wait() has told the others to hold.
  struct Attempted;
  // Whether the service refused the token, and a fresh one is to be tried; `in_a_row` counts them.
  bool renews_token(const Attempted& attempted, unsigned& in_a_row);
  Attempted send(const Call& call, bool streams, http::BodySink& sink, std::stop_token stop);
  [[noreturn]] void fail(const Call& call, const Attempted& attempted) const;
  // What no caller can judge any better becomes an exception.
  void throw_unless_final(const Call& call, const Attempted& attempted) const;
  // Waits as the verdict says, one way or the other.
  void wait(const Call& call, const http::Verdict& verdict, Attempted& attempted,
            std::stop_token stop);
  void log_answer(const Call& call, const Attempted& attempted,
                  const std::string& request_id) const;

  std::string graph_url_;
  http::Origin origin_;
  TokenSource& tokens_;
  Wiring wiring_;
};

}  // namespace graph

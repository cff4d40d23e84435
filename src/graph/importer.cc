#include "src/graph/importer.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "src/graph/import_body.h"
#include "src/graph/import_refusal.h"
#include "src/graph/paths.h"

#include <algorithm>
#include <utility>

namespace graph {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kLongestAnswer = 1024 * 1024;
constexpr auto kIdle = std::chrono::minutes{10};
// In a row, before 401 or 403 is taken for the answer.
constexpr unsigned kFreshSessions = 2;
// Where the service names no end.
constexpr base::Duration kAssumedLifetime = std::chrono::seconds{300};
constexpr base::Duration kRenewAhead = std::chrono::minutes{5};

bool is_success(int status) { return status == 200 || status == 201; }

// The service looked at the stream and will not take it, whatever status it says so with.
bool says_corrupt(const ServiceError& error) {
  return error.is_any_of({"ErrorCorruptData", "ErrorItemCorrupt"});
}

}  // namespace

struct Importer::Sent {
  http::Transfer transfer;
  std::string body;
  ServiceError error;
  std::optional<http::BudgetGate::Pass> pass;
};

Importer::Importer(ApiClient& client, const Wiring& wiring, http::AllowedHosts import_hosts)
    : client_(client), wiring_(wiring), import_hosts_(std::move(import_hosts)) {}

Renewable<Importer::Session>& Importer::sessions_of(const MailboxId& mailbox) {
  std::lock_guard lock{mutex_};
  return sessions_[mailbox.value];
}

Importer::Session Importer::open_session(const MailboxId& mailbox, std::stop_token stop) {
  const Answer answer =
      client_.ask({.operation = Operation::create_import_session,
                   .budget = mailbox.value,
                   .url = client_.url(mailbox_path(mailbox), "/createImportSession"),
                   .method = "POST"},
                  std::move(stop));
  if (!answer.succeeded()) {
    throw_if_mailbox_gone(answer.error);
    // Not of kind protocol, which would leave open whether something was imported.
    throw Error{ErrorKind::failed,
                unexpected_answer(Operation::create_import_session, answer).what()};
  }
  Session session;
  session.url = answer.document["importUrl"].text();
  if (session.url.empty()) {
    throw Error{ErrorKind::failed, "the service opens an import session without an importUrl"};
  }
  if (const auto refusal = import_hosts_.refusal(session.url)) {
    throw Error{ErrorKind::denied, base::text("the service's import URL was refused: ", *refusal,
                                              "; if it is right, add it to import_hosts")};
  }
  base::Duration lifetime = kAssumedLifetime;
  if (const auto ends = base::parse_rfc3339(answer.document["expirationDateTime"].text())) {
    // Its end is by the service's clock, so its beginning is too, where the answer tells.
    const auto date = answer.head.header("Date");
    const auto theirs = date ? base::parse_http_date(*date) : std::nullopt;
    lifetime = *ends - theirs.value_or(wiring_.clock.now());
  }
  session.renew_at = wiring_.clock.monotonic() + lifetime - std::min(kRenewAhead, lifetime / 5);
  return session;
}

std::shared_ptr<const Importer::Session> Importer::session_of(const MailboxId& mailbox,
                                                              const std::stop_token& stop) {
  return sessions_of(mailbox).get([&](const Session& held) { return is_fresh(held); },
                                  [&] { return open_session(mailbox, stop); }, stop);
}

bool Importer::is_fresh(const Session& session) const {
  return wiring_.clock.monotonic() < session.renew_at;
}

Importer::Turn Importer::wait_for_turn(const MailboxId& mailbox, std::uint64_t size_bytes,
                                       const std::stop_token& stop) {
  while (true) {
    auto session = session_of(mailbox, stop);
    auto pass = wiring_.gate.enter(mailbox.value, size_bytes, stop);
    if (is_fresh(*session)) return {std::move(pass), std::move(session)};
    // It ended while this request waited, and opening another one needs a place, too.
    pass.set_outcome(http::MailboxBudget::Outcome::not_sent);
  }
}

void Importer::prepare(const MailboxId& mailbox, std::stop_token stop) {
  static_cast<void>(session_of(mailbox, stop));
}

void Importer::log_answer(const MailboxId& mailbox, const Sent& sent,
                          const std::string& request_id) const {
  const auto& head = sent.transfer.head;
  const bool refused = !sent.transfer.arrived() || head.status >= 400;
  base::log(refused ? base::LogLevel::info : base::LogLevel::debug, name(Operation::import_item),
            " [", mailbox.value, "]: ",
            sent.transfer.arrived() ? base::text("status ", head.status) : sent.transfer.detail,
            " ", sent.error.text(), " client-request-id=", request_id,
            " request-id=", bounded_text(head.header("request-id").value_or(""), 80),
            " retry-after=", bounded_text(head.header("Retry-After").value_or("none"), 60));
}

Importer::Sent Importer::send(const MailboxId& mailbox, Turn turn, http::BodySource& body,
                              std::stop_token stop) {
  const std::string request_id = base::new_uuid();
  // No Authorization: the URL is the authorisation, and a token would be shown to a host that needs
  // none.
  http::Request request{.method = "POST", .url = turn.session->url};
  request.headers = {{"Content-Type", "application/json"},
                     {"Accept", "application/json"},
                     {"client-request-id", request_id}};
  request.body_source = &body;
  request.idle_timeout = kIdle;
  Sent sent;
  http::CollectingSink sink{kLongestAnswer};
  const std::uint64_t size = body.size_bytes();
  sent.pass.emplace(std::move(turn.pass));
  body.rewind();
  CountedRequest counted{wiring_, Operation::import_item, size};
  sent.transfer = wiring_.transport.perform(request, sink, stop);
  counted.ended(sent.transfer);
  sent.body = sink.text();
  wiring_.counters.received_bytes += sent.body.size();
  if (sent.transfer.arrived() && !is_success(sent.transfer.head.status)) {
    sent.error = refusal_in(sent.transfer.head, sent.body);
  }
  using Outcome = http::MailboxBudget::Outcome;
  const bool crowded = sent.transfer.head.status == 429 &&
                       base::to_lower(sent.error.message).find("concurrency") != std::string::npos;
  const bool answered = sent.transfer.arrived() && sent.transfer.head.status < 429;
  sent.pass->set_outcome(crowded    ? Outcome::too_many_at_once
                         : answered ? Outcome::answered
                                    : Outcome::other);
  log_answer(mailbox, sent, request_id);
  return sent;
}

http::Verdict Importer::judge(const MailboxId& mailbox, Sent& sent, unsigned attempt) {
  http::Transfer judged = sent.transfer;
  // As good as not sent: the service could not read it, so it cannot have acted on it.
  if (judged.head.status == 400 && sent.error.says_request_unread()) {
    judged.failure = http::TransferFailure::not_sent;
  }
  const auto verdict =
      http::judge({judged, attempt, true, wiring_.clock.now(), wiring_.jitter.next()},
                  http::Repeatable::unless_sent);
  if (verdict.throttled) wiring_.count_throttled(judged.head);
  if (verdict.holds_others) wiring_.gate.hold(mailbox.value, verdict.wait);
  sent.pass.reset();
  return verdict;
}

ImportResult Importer::result_of(const Sent& sent, http::Action action) {
  const auto& transfer = sent.transfer;
  const int status = transfer.head.status;
  const std::string answered =
      base::text("the import host answered ", status, " ", sent.error.text());
  if (transfer.arrived() && !is_success(status)) {
    throw_if_mailbox_gone(sent.error);
    if (says_corrupt(sent.error)) return import_refusal(status, sent.error);
  }
  if (action == http::Action::lost || transfer.failure == http::TransferFailure::too_large) {
    return ImportUncertain{transfer.arrived() ? answered : transfer.detail};
  }
  if (action == http::Action::give_up) {
    const bool untrusted = transfer.failure == http::TransferFailure::untrusted;
    throw Error{untrusted ? ErrorKind::failed : ErrorKind::unavailable,
                base::text("importing an item: ", transfer.arrived() ? answered : transfer.detail)};
  }
  if (!is_success(status)) {
    return import_refusal(status, sent.error);
  }
  try {
    const Json document = Json::parse(sent.body);
    return Imported{std::string{document.required_text("itemId")},
                    std::string{document["changeKey"].text()}};
  } catch (const Error& error) {
    return ImportUncertain{base::text("the item was accepted, but ", error.message())};
  }
}

ImportResult Importer::import(const MailboxId& mailbox, const std::string& folder_id,
                              StreamSource& stream, const std::optional<ImportOver>& over,
                              std::stop_token stop) {
  ImportBody body{folder_id, over, stream};
  unsigned fresh_sessions = 0;
  for (unsigned attempt = 1;; ++attempt) {
    Turn turn = wait_for_turn(mailbox, body.size_bytes(), stop);
    const auto session = turn.session;
    Sent sent = send(mailbox, std::move(turn), body, stop);
    if (sent.transfer.failure == http::TransferFailure::cancelled) {
      return ImportUncertain{"stopped while the item was under way"};
    }
    const int status = sent.transfer.head.status;
    if (status == 401 || status == 403) {
      sessions_of(mailbox).refuse(session);
      if (++fresh_sessions > kFreshSessions) {
        throw Error{ErrorKind::denied,
                    base::text("the import host refuses a fresh import session (", status, " ",
                               sent.error.text(), ")")};
      }
      ++wiring_.counters.retried;
      continue;
    }
    fresh_sessions = 0;
    const auto verdict = judge(mailbox, sent, attempt);
    if (verdict.action != http::Action::repeat) return result_of(sent, verdict.action);
    ++wiring_.counters.retried;
    if (!verdict.holds_others) wiring_.clock.sleep_for(verdict.wait, stop);
  }
}

}  // namespace graph

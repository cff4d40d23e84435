// Brings streams back: import sessions on another host, one POST an item, and an honest word on
// what became of it.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/mailbox_service.h"
#include "src/graph/renewable.h"
#include "src/http/allowed_hosts.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace graph {

// Thread-safe.
class Importer {
 public:
  // `client` is the restore app's. Both outlive it.
  Importer(ApiClient& client, const Wiring& wiring, http::AllowedHosts import_hosts);

  // As MailboxService::import_unit().
  ImportResult import(const MailboxId& mailbox, const std::string& folder_id, StreamSource& stream,
                      const std::optional<ImportOver>& over, std::stop_token stop);
  // As MailboxService::prepare_import().
  void prepare(const MailboxId& mailbox, std::stop_token stop);

 private:
  // The URL is a secret: it carries its own right to import.
  struct Session {
    std::string url;
    base::Duration renew_at;  // by the monotonic clock
  };
  struct Sent;

  // What to do about it; counts it and holds the mailbox where the service asks for that.
  http::Verdict judge(const MailboxId& mailbox, Sent& sent, unsigned attempt);
  // What the last answer means.
  static ImportResult result_of(const Sent& sent, http::Action action);
  Session open_session(const MailboxId& mailbox, std::stop_token stop);
  Renewable<Session>& sessions_of(const MailboxId& mailbox);
  // The one that is open, as long as it is fresh.
  std::shared_ptr<const Session> session_of(const MailboxId& mailbox, const std::stop_token& stop);
  // Whether a request may begin with it now.
  [[nodiscard]] bool is_fresh(const Session& session) const;
  // A place among the mailbox's requests for one of so many bytes, and a session that is fresh
  // then.
  struct Turn {
    http::BudgetGate::Pass pass;
    std::shared_ptr<const Session> session;
  };
  Turn wait_for_turn(const MailboxId& mailbox, std::uint64_t size_bytes,
                     const std::stop_token& stop);
  Sent send(const MailboxId& mailbox, Turn turn, http::BodySource& body, std::stop_token stop);
  void log_answer(const MailboxId& mailbox, const Sent& sent, const std::string& request_id) const;

  ApiClient& client_;
  Wiring wiring_;
  http::AllowedHosts import_hosts_;
  std::mutex mutex_;
  std::map<std::string, Renewable<Session>>
      sessions_;  // never erased: references into it stay good
};

}  // namespace graph

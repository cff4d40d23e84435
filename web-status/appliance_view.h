// What the web pages and the API show of the appliance and ask of it. The daemon implements it;
// nothing here knows how.
//
// Objects come as one line of JSON each (no line ends inside): the records of the command line, and
// those of API.md.
#pragma once

#include "web-status/role.h"
#include "web-status/text_source.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace web {

// Who asks; checked before anything of ApplianceView is called.
struct Person {
  std::string account;  // "local" where no account is needed
  Role role = Role::viewer;
  std::string address;  // of the connection's other end
};

struct PageRequest {
  std::string after;        // what `next` of the page before was; empty: the first
  std::size_t limit = 100;  // records at most
};

struct Page {
  std::vector<std::string> records;
  std::optional<std::string> next;     // empty: this is the last page
  std::optional<std::uint64_t> total;  // where it is known without reading all
};

struct MailboxQuery {
  std::string search;  // part of an address or a name
  // "protected", "at_risk", "unprotected", "excluded", "unsupported"; empty: any.
  std::string state;
  std::string policy;
  std::string reason;  // exactly this one; empty: any
  PageRequest page;
};

// A folder of a restore point, or, if any criterion is there, what it finds in all of it.
struct ItemQuery {
  std::string mailbox;  // address or id
  std::string at = "latest";
  std::string folder;  // path; empty: the root
  std::string subject, from, after, before, type;
  PageRequest page;

  [[nodiscard]] bool is_search() const {
    return !subject.empty() || !from.empty() || !after.empty() || !before.empty() || !type.empty();
  }
};

struct JobQuery {
  std::string state;    // "queued", "running", "paused", "ended"; empty: any
  std::string command;  // "backup", ...
  PageRequest page;
};

// A member of the object that was posted.
using Field =
    std::variant<std::nullptr_t, bool, std::uint64_t, std::string, std::vector<std::string>>;
using Fields = std::vector<std::pair<std::string, Field>>;

// Thread-safe; calls may take as long as the store needs. Errors are base::Error: usage for what
// the caller wrote wrong, not_found, denied, in_use, unavailable (not ready yet), others for
// trouble of the appliance.
class ApplianceView {
 public:
  virtual ~ApplianceView() = default;

  // What keeps the appliance from working, in words; empty if nothing does.
  [[nodiscard]] virtual std::string not_ready() = 0;
  [[nodiscard]] virtual std::string metrics() = 0;  // text format of Prometheus

  [[nodiscard]] virtual std::string status() = 0;
  [[nodiscard]] virtual Page mailboxes(const MailboxQuery& query) = 0;
  [[nodiscard]] virtual std::string mailbox(const std::string& id) = 0;
  [[nodiscard]] virtual Page snapshots(const std::string& mailbox, const PageRequest& page) = 0;
  [[nodiscard]] virtual Page items(const ItemQuery& query) = 0;
  [[nodiscard]] virtual Page schedule() = 0;
  [[nodiscard]] virtual std::string storage() = 0;
  // What retention would keep and free: with the rules of the policy, or with those in `rules`
  // (keep_last ... keep_yearly as numbers, keep_within as text; what cannot be read is
  // Error(usage)).
  [[nodiscard]] virtual std::string simulate_retention(const std::string& policy,
                                                       const Fields& rules) = 0;
  [[nodiscard]] virtual Page alerts(const PageRequest& page) = 0;
  [[nodiscard]] virtual Page audit(const std::string& since, const PageRequest& page) = 0;
  [[nodiscard]] virtual Page holds() = 0;
  [[nodiscard]] virtual std::string settings() = 0;

  [[nodiscard]] virtual Page jobs(const JobQuery& query) = 0;
  [[nodiscard]] virtual std::string job(const std::string& id) = 0;
  // What the job told, of one "type" if that is not empty.
  [[nodiscard]] virtual Page job_records(const std::string& id, const std::string& type,
                                         const PageRequest& page) = 0;
  // All of it, a record a line.
  [[nodiscard]] virtual TextSource job_report(const std::string& id) = 0;

  // Gives the job's record.
  virtual std::string start_job(const Person& person, const Fields& fields) = 0;
  virtual std::string cancel_job(const Person& person, const std::string& id) = 0;
  virtual std::string add_hold(const Person& person, const Fields& fields) = 0;
  virtual void remove_hold(const Person& person, const std::string& id, const Fields& fields) = 0;
  virtual std::string send_test_alert(const Person& person) = 0;
  // That somebody logged in with a browser (the problem is empty), or was kept out, also by HTTP
  // Basic. The role of whoever was kept out means nothing, and the account may be any printable
  // text.
  virtual void note_login(const Person& person, const std::string& problem) = 0;
  // That somebody changed an account: "add", "remove", "password".
  virtual void note_account_change(const Person& person, const std::string& change,
                                   const std::string& account) = 0;
};

// The role that starting a job of this command asks for: `operate` for backup, restore, check and
// drill, `admin` for what removes.
Role role_for_job(const std::string& command);

}  // namespace web

#include "src/jobs/protection.h"

#include "src/base/text.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace jobs {
namespace {

struct History {
  std::uint64_t points = 0;
  std::optional<base::Instant> last_good;
};

std::map<std::string, History> histories(const store::TenantDomain& tenant,
                                         const std::vector<store::Snapshot>& points) {
  std::map<std::string, History> by_mailbox;
  for (const store::Snapshot& point : points) {
    if (point.tenant != tenant) continue;
    History& history = by_mailbox[point.mailbox_id];
    ++history.points;
    if (point.complete && (!history.last_good || *history.last_good < point.time)) {
      history.last_good = point.time;
    }
  }
  return by_mailbox;
}

Value reason_of(const backup::Mailbox& mailbox, const History& history) {
  if (mailbox.policy.empty()) return "no policy selects it";
  if (history.points == 0) return "not backed up yet";
  if (!history.last_good) return "no complete backup yet";
  return {};
}

Record mailbox_record(const store::TenantDomain& tenant, const backup::Mailbox& mailbox,
                      const History& history) {
  const Value reason = reason_of(mailbox, history);
  const bool is_protected = std::holds_alternative<std::nullptr_t>(reason.content());
  return Record{{"type", "mailbox"},
                {"address", mailbox.address},
                {"mailbox_id", mailbox.id.value},
                {"user_principal_name", text_or_null(mailbox.user.user_principal_name)},
                {"display_name", text_or_null(mailbox.user.display_name)},
                {"tenant", tenant.name},
                {"purpose", graph::name(mailbox.purpose)},
                {"policy", text_or_null(mailbox.policy)},
                {"last_good_backup", history.last_good},
                {"snapshots", history.points},
                {"protected", is_protected},
                {"reason", reason}};
}

Record account_record(const store::TenantDomain& tenant, const backup::Unprotectable& account) {
  return Record{
      {"type", "mailbox"},
      {"address", account.address},
      {"mailbox_id", nullptr},
      {"user_principal_name", text_or_null(account.user.user_principal_name)},
      {"display_name", text_or_null(account.user.display_name)},
      {"tenant", tenant.name},
      {"purpose", nullptr},
      {"policy", nullptr},
      {"last_good_backup", nullptr},
      {"snapshots", 0},
      {"protected", false},
      {"reason", account.code.empty() ? account.reason
                                      : base::text(account.reason, " (", account.code, ")")}};
}

}  // namespace

std::vector<Record> protection_records(const store::TenantDomain& tenant,
                                       const backup::Discovery& found,
                                       const std::vector<store::Snapshot>& points) {
  const auto by_mailbox = histories(tenant, points);
  std::multimap<std::string, Record> by_address;
  for (const backup::Mailbox& mailbox : found.mailboxes) {
    const auto history = by_mailbox.find(mailbox.id.value);
    by_address.emplace(
        mailbox.address,
        mailbox_record(tenant, mailbox, history == by_mailbox.end() ? History{} : history->second));
  }
  for (const backup::Unprotectable& account : found.unprotectable) {
    by_address.emplace(account.address, account_record(tenant, account));
  }
  std::vector<Record> records;
  for (auto& [address, record] : by_address) records.push_back(std::move(record));
  return records;
}

std::vector<store::Snapshot> newest_points(const std::vector<store::Snapshot>& points,
                                           const store::TenantDomain& tenant) {
  std::map<std::string, const store::Snapshot*> newest;
  for (const store::Snapshot& point : points) {
    if (point.tenant != tenant) continue;
    const store::Snapshot*& known = newest[point.mailbox_id];
    if (known == nullptr || known->time <= point.time) known = &point;
  }
  std::vector<store::Snapshot> chosen;
  for (const auto& [mailbox_id, point] : newest) chosen.push_back(*point);
  return chosen;
}

}  // namespace jobs

#include "src/daemon/views.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"
#include "src/daemon/metric_view.h"
#include "src/daemon/paging.h"
#include "src/daemon/retention_view.h"
#include "src/daemon/settings_view.h"
#include "src/jobs/audit_page.h"
#include "web-status/metrics.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace appliance {
namespace {

std::optional<std::uint64_t> sequence_of(const std::string& cursor) {
  if (cursor.empty()) return std::nullopt;
  std::uint64_t sequence = 0;
  const char* const end = cursor.data() + cursor.size();
  const auto [stopped, failure] = std::from_chars(cursor.data(), end, sequence);
  if (failure == std::errc{} && stopped == end) return sequence;
  throw base::Error{base::ErrorKind::usage,
                    base::text("\"", base::printable(cursor), "\" is not where a page ended")};
}

}  // namespace

Views::Views(ViewParts parts) : parts_(std::move(parts)) {}

std::string Views::job_event(const jobs::Job& job) { return jobs::to_json(jobs_.record(job)); }

std::string Views::not_ready() { return parts_.why_not_ready(); }

std::string Views::metrics() { return web::to_prometheus(metric_families(parts_, store_)); }

std::string Views::status() { return jobs::to_json(status_.status()); }

web::Page Views::mailboxes(const web::MailboxQuery& query) { return mailboxes_.mailboxes(query); }

std::string Views::mailbox(const std::string& id) { return jobs::to_json(mailboxes_.mailbox(id)); }

web::Page Views::snapshots(const std::string& mailbox, const web::PageRequest& page) {
  return points_.snapshots(mailbox, page);
}

web::Page Views::items(const web::ItemQuery& query) { return points_.items(query); }

web::Page Views::schedule() {
  const std::vector<jobs::Record> runs = status_.schedule();
  return page_of(runs, {"", runs.size()});
}

std::string Views::storage() { return jobs::to_json(store_.storage()); }

std::string Views::simulate_retention(const std::string& policy, const web::Fields& rules) {
  return jobs::to_json(appliance::simulate_retention(parts_, policy, rules));
}

web::Page Views::alerts(const web::PageRequest& page) { return page_of(parts_.alerts(), page); }

web::Page Views::audit(const std::string& since, const web::PageRequest& asked) {
  std::optional<base::Instant> from;
  if (!since.empty()) {
    from = catalog::parse_time(since, false);
    if (!from) {
      throw base::Error{base::ErrorKind::usage,
                        "\"since\" takes 2026-11-23, \"2026-11-23 02:00\" or an RFC 3339 time"};
    }
  }
  const auto store = parts_.resources.open_store(store::Access::read);
  const jobs::AuditPage newest = jobs::newest_audit_entries(
      store->repository().journals(), sequence_of(asked.after), from, asked.limit);
  web::Page page;
  for (const jobs::Record& entry : newest.entries) page.records.push_back(jobs::to_json(entry));
  if (newest.next_before) page.next = base::text(*newest.next_before);
  return page;
}

web::Page Views::holds() { return mailboxes_.holds(); }

std::string Views::settings() {
  return jobs::to_json(settings_record(parts_.resources.configuration(), parts_.loaded()));
}

web::Page Views::jobs(const web::JobQuery& query) { return jobs_.jobs(query); }

std::string Views::job(const std::string& id) { return jobs::to_json(jobs_.job(id)); }

web::Page Views::job_records(const std::string& id, const std::string& type,
                             const web::PageRequest& page) {
  return jobs_.records(id, type, page);
}

web::TextSource Views::job_report(const std::string& id) { return jobs_.report(id); }

std::string Views::start_job(const web::Person& person, const web::Fields& fields) {
  return jobs::to_json(deeds_.start_job(person, fields));
}

std::string Views::cancel_job(const web::Person& person, const std::string& id) {
  return jobs::to_json(deeds_.cancel_job(person, id));
}

std::string Views::add_hold(const web::Person& person, const web::Fields& fields) {
  return jobs::to_json(deeds_.add_hold(person, fields));
}

void Views::remove_hold(const web::Person& person, const std::string& id,
                        const web::Fields& fields) {
  deeds_.remove_hold(person, id, fields);
}

std::string Views::send_test_alert(const web::Person& person) {
  return jobs::to_json(deeds_.send_test_alert(person));
}

void Views::note_login(const web::Person& person, const std::string& problem) {
  deeds_.note_login(person, problem);
}

void Views::note_account_change(const web::Person& person, const std::string& change,
                                const std::string& account) {
  deeds_.note_account_change(person, change, account);
}

}  // namespace appliance

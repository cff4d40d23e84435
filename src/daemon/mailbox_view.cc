#include "src/daemon/mailbox_view.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/paging.h"
#include "src/daemon/record_fields.h"
#include "src/jobs/forget_job.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace appliance {
namespace {

constexpr std::size_t kMostProblems = 1000;

bool contains(std::string_view text, const std::string& lower_part) {
  return base::to_lower(text).find(lower_part) != std::string::npos;
}

// Where a page ended: lists are ordered by address, then id.
std::string cursor_of(const CountedMailbox& mailbox) {
  return base::text(base::percent_encode(mailbox.address), "/",
                    base::percent_encode(mailbox.mailbox_id), "/",
                    base::percent_encode(mailbox.tenant));
}

auto key_of(const CountedMailbox& mailbox) {
  return std::tie(mailbox.address, mailbox.mailbox_id, mailbox.tenant);
}

CountedMailbox parse_cursor(const std::string& text) {
  const std::vector<std::string> parts = base::split(text, '/');
  CountedMailbox place;
  if (parts.size() == 3) {
    const auto address = base::percent_decode(parts[0]);
    const auto id = base::percent_decode(parts[1]);
    const auto tenant = base::percent_decode(parts[2]);
    if (address && id && tenant) {
      place.address = *address;
      place.mailbox_id = *id;
      place.tenant = *tenant;
      return place;
    }
  }
  throw base::Error{base::ErrorKind::usage,
                    base::text("\"", base::printable(text), "\" is not where a page ended")};
}

bool is_wanted(const CountedMailbox& mailbox, const web::MailboxQuery& query,
               const std::string& search) {
  if (!query.state.empty() && name(mailbox.protection) != query.state) return false;
  if (!query.policy.empty() && mailbox.policy != query.policy) return false;
  if (!query.reason.empty() && mailbox.reason != query.reason) return false;
  return search.empty() || contains(mailbox.address, search) ||
         contains(mailbox.display_name, search);
}

// A backup whose summary may tell of the mailbox.
bool may_have_backed_up(const jobs::Job& job, const CountedMailbox& mailbox) {
  if (job.order.command != "backup" || job.state != jobs::JobState::ended) return false;
  if (!job.order.policy.empty()) return job.order.policy == mailbox.policy;
  return job.order.mailbox.empty() || job.order.mailbox == mailbox.mailbox_id ||
         base::equals_ignoring_case(job.order.mailbox, mailbox.address);
}

}  // namespace

jobs::Record mailbox_record(const CountedMailbox& mailbox, base::Instant now) {
  jobs::Value age;
  if (mailbox.last_good) age = std::max(seconds(now - *mailbox.last_good), 0.0);
  return jobs::Record{
      {"type", "mailbox"},
      {"mailbox_id", jobs::text_or_null(mailbox.mailbox_id)},
      {"address", mailbox.address},
      {"display_name", jobs::text_or_null(mailbox.display_name)},
      {"tenant", mailbox.tenant},
      {"purpose", jobs::text_or_null(mailbox.purpose)},
      {"policy", jobs::text_or_null(mailbox.policy)},
      {"state", name(mailbox.protection)},
      {"reason", jobs::text_or_null(mailbox.reason)},
      {"last_good_backup", mailbox.last_good},
      {"age_seconds", age},
      {"promised_seconds", mailbox.promised ? jobs::Value{seconds(*mailbox.promised)} : nullptr},
      {"snapshots", mailbox.snapshots},
      {"items", mailbox.items},
      {"bytes", mailbox.bytes},
      {"held", mailbox.held},
      {"protected", mailbox.protection == Protection::is_protected}};
}

web::Page MailboxView::mailboxes(const web::MailboxQuery& query) {
  const auto all = parts_.census.mailboxes();
  const base::Instant now = parts_.clock.now();
  const std::string search = base::to_lower(base::trim(query.search));
  std::optional<CountedMailbox> after;
  if (!query.page.after.empty()) after = parse_cursor(query.page.after);
  web::Page page;
  page.total = 0;
  const CountedMailbox* last = nullptr;
  for (const CountedMailbox& mailbox : *all) {
    if (!is_wanted(mailbox, query, search)) continue;
    ++*page.total;
    if (after && key_of(mailbox) <= key_of(*after)) continue;
    if (page.records.size() < query.page.limit) {
      page.records.push_back(jobs::to_json(mailbox_record(mailbox, now)));
      last = &mailbox;
    } else if (!page.next && last != nullptr) {
      page.next = cursor_of(*last);
    }
  }
  return page;
}

jobs::Record MailboxView::mailbox(const std::string& id) {
  const auto all = parts_.census.mailboxes();
  const CountedMailbox* found = nullptr;
  for (const CountedMailbox& mailbox : *all) {
    if (mailbox.mailbox_id == id) {
      found = &mailbox;
      break;
    }
    if (found == nullptr && base::equals_ignoring_case(mailbox.address, id)) found = &mailbox;
  }
  if (found == nullptr) {
    std::vector<std::string> known;
    for (const CountedMailbox& mailbox : *all) known.push_back(mailbox.address);
    const auto near = base::nearest(base::to_lower(id), known);
    throw base::Error{base::ErrorKind::not_found,
                      base::text("there is no mailbox ", base::printable(id),
                                 near ? base::text("; did you mean ", *near, "?") : std::string{})};
  }
  jobs::Record record = mailbox_record(*found, parts_.clock.now());
  add_restore_points(*found, record);
  record.set("problems", problems_of(*found));
  return record;
}

void MailboxView::add_restore_points(const CountedMailbox& mailbox, jobs::Record& record) {
  jobs::Value::List nights;
  jobs::Value::List holds;
  if (mailbox.snapshots > 0) {
    const auto store = parts_.resources.open_store(store::Access::read);
    const std::vector<store::Snapshot> points = points_.of(*store, mailbox.mailbox_id);
    const auto verified = store->repository().last_verified(points);
    const std::vector<store::Hold> all = store->repository().holds();
    for (std::size_t i = 0; i < points.size(); ++i) {
      nights.emplace_back(
          jobs::snapshot_record(points[i], jobs::is_held(all, points[i]), verified[i]));
    }
    for (const store::Hold& hold : all) {
      if (hold.mailbox_id == mailbox.mailbox_id) holds.emplace_back(jobs::hold_record(hold));
    }
  }
  record.set("holds", std::move(holds)).set("nights", std::move(nights));
}

jobs::Value::List MailboxView::problems_of(const CountedMailbox& mailbox) const {
  const std::vector<jobs::Job> runs = parts_.log.list(
      "", 1, [&](const jobs::Job& job) { return may_have_backed_up(job, mailbox); });
  jobs::Value::List problems;
  if (runs.empty() || runs.front().problems == 0) return problems;
  // The log keeps a summary cut short; what was told has it whole.
  parts_.log.read_output(runs.front().id, 0, [&](const jobs::Told& told) {
    if (!told.record || text_in(*told.record, "type") != "summary") return true;
    problems.clear();  // of an earlier attempt
    const jobs::Value::List* all = list_in(*told.record, "problems");
    if (all == nullptr) return true;
    for (const jobs::Value& each : *all) {
      const auto* problem = std::get_if<jobs::Record>(&each.content());
      const bool is_its = problem != nullptr && problems.size() < kMostProblems &&
                          base::equals_ignoring_case(text_in(*problem, "mailbox"), mailbox.address);
      if (is_its) problems.push_back(each);
    }
    return true;
  });
  return problems;
}

web::Page MailboxView::holds() {
  const auto store = parts_.resources.open_store(store::Access::read);
  web::Page page;
  for (const store::Hold& hold : store->repository().holds()) {
    page.records.push_back(jobs::to_json(jobs::hold_record(hold)));
  }
  page.total = page.records.size();
  return page;
}

}  // namespace appliance

#include "src/daemon/restore_points_view.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"
#include "src/daemon/paging.h"
#include "src/jobs/forget_job.h"
#include "src/jobs/restore_point_pages.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace appliance {
namespace {

// The folders of a mailbox with thousands of them take a few MiB.
constexpr std::size_t kMostKept = 8;
// Some hundred milliseconds of reading.
constexpr std::size_t kMostLookedAt = 20'000;

std::optional<base::Instant> time_of(const std::string& text, const char* name, bool to_its_end) {
  if (text.empty()) return std::nullopt;
  if (auto time = catalog::parse_time(text, to_its_end)) return time;
  throw base::Error{base::ErrorKind::usage, base::text("\"", name, "\" takes 2026-11-23, ",
                                                       "\"2026-11-23 02:00\" or an RFC 3339 time")};
}

catalog::SearchQuery search_query(const web::ItemQuery& query) {
  return {query.subject, query.from, query.type, time_of(query.after, "after_date", false),
          time_of(query.before, "before_date", true)};
}

bool is_newer(const store::Snapshot& left, const store::Snapshot& right) {
  return std::tie(left.time, left.id) > std::tie(right.time, right.id);
}

}  // namespace

std::vector<store::Snapshot> RestorePointsView::of(OpenStore& store, const std::string& who) const {
  const store::Repository& repository = store.repository();
  const CountedMailbox* known = nullptr;
  std::size_t meant = 0;
  const auto mailboxes = parts_.census.mailboxes();
  for (const CountedMailbox& mailbox : *mailboxes) {
    if (mailbox.snapshots == 0) continue;
    if (mailbox.mailbox_id != who && !base::equals_ignoring_case(mailbox.address, who)) continue;
    known = &mailbox;
    ++meant;
  }
  // An address may have been another's once: what the census does not know is not left out.
  if (meant != 1 || known->mailbox_id != who) {
    return catalog::restore_points_of(repository, std::nullopt, who);
  }
  std::vector<store::Snapshot> points;
  for (const std::string& tenant : known->stored_under) {
    for (store::Snapshot& point : repository.snapshots_of({tenant}, known->mailbox_id)) {
      points.push_back(std::move(point));
    }
  }
  if (points.empty()) return catalog::restore_points_of(repository, std::nullopt, who);
  std::ranges::sort(points,
                    [](const auto& left, const auto& right) { return is_newer(right, left); });
  return points;
}

RestorePointsView::Open RestorePointsView::open(const std::string& mailbox, const std::string& at) {
  Open open{parts_.resources.open_store(store::Access::read), nullptr};
  const store::Snapshot chosen = catalog::choose(of(*open.store, mailbox), at);
  {
    auto kept = kept_.lock();
    kept->remove_if([](const Kept& each) { return each.store.expired(); });
    const auto found = std::ranges::find_if(*kept, [&](const Kept& each) {
      return each.id == chosen.id && each.store.lock() == open.store;
    });
    if (found != kept->end()) {
      kept->splice(kept->begin(), *kept, found);
      open.point = found->point;
      return open;
    }
  }
  open.point = std::make_shared<const jobs::RestorePoint>(
      jobs::open_restore_point(open.store->repository(), chosen));
  auto kept = kept_.lock();
  kept->push_front({chosen.id, open.store, open.point});
  if (kept->size() > kMostKept) kept->pop_back();
  return open;
}

web::Page RestorePointsView::items(const web::ItemQuery& query) {
  const Open open = this->open(query.mailbox, query.at);
  const jobs::ListedPage listed =
      query.is_search()
          ? jobs::find_page(*open.point, search_query(query), query.page.after, query.page.limit,
                            kMostLookedAt)
          : jobs::list_page(*open.point, query.folder, query.page.after, query.page.limit);
  web::Page page;
  for (const jobs::Record& record : listed.records) page.records.push_back(jobs::to_json(record));
  if (!listed.next.empty()) page.next = listed.next;
  page.total = listed.total;
  return page;
}

web::Page RestorePointsView::snapshots(const std::string& mailbox, const web::PageRequest& asked) {
  const auto store = parts_.resources.open_store(store::Access::read);
  std::vector<store::Snapshot> points =
      mailbox.empty() ? store->repository().snapshots() : of(*store, mailbox);
  web::Page page;
  page.total = points.size();
  if (!asked.after.empty()) {
    const auto [time, id] = parse_time_cursor(asked.after);
    std::erase_if(points, [&, time = time, &id = id](const store::Snapshot& point) {
      return std::tie(point.time, point.id) >= std::tie(time, id);
    });
  }
  // Of a large store a page is far less than all: only what is shown is put in order.
  const std::size_t count = std::min(asked.limit, points.size());
  std::ranges::partial_sort(points, points.begin() + static_cast<std::ptrdiff_t>(count), is_newer);
  const bool has_more = count < points.size();
  points.resize(count);
  const auto verified = store->repository().last_verified(points);
  const std::vector<store::Hold> holds = store->repository().holds();
  for (std::size_t i = 0; i < points.size(); ++i) {
    page.records.push_back(jobs::to_json(
        jobs::snapshot_record(points[i], jobs::is_held(holds, points[i]), verified[i])));
  }
  if (has_more) page.next = time_cursor(points.back().time, points.back().id);
  return page;
}

}  // namespace appliance

#include "src/jobs/forget_job.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

namespace jobs {
namespace {

std::vector<store::Snapshot> by_id(const std::vector<store::Snapshot>& points,
                                   const std::vector<std::string>& ids, std::string_view kind) {
  std::vector<store::Snapshot> found;
  for (const std::string& id : ids) {
    std::optional<store::Snapshot> point = catalog::find_by_id(points, id);
    if (!point) {
      throw base::Error{base::ErrorKind::not_found,
                        base::text("there is no ", kind, "restore point '", id, "'")};
    }
    found.push_back(std::move(*point));
  }
  return found;
}

std::vector<store::Snapshot> all_forgotten(const store::Repository& repository) {
  std::vector<store::Snapshot> points;
  for (store::ForgottenSnapshot& each : repository.forgotten()) {
    points.push_back(std::move(each.snapshot));
  }
  return points;
}

}  // namespace

RetentionReport plan_retention_of(const store::Repository& repository,
                                  const std::vector<RetentionPolicy>& policies, base::Instant now) {
  const std::vector<store::Hold> holds = repository.holds();
  return plan_retention(
      repository.snapshots(),
      [&](const store::Snapshot& snapshot) { return is_held(holds, snapshot); }, policies, now);
}

std::vector<store::Forgetting> forgettings_of(const RetentionReport& report) {
  std::vector<store::Forgetting> forgettings;
  for (const PlannedSeries& series : report.series) {
    for (const PlannedPoint& point : series.points) {
      if (point.keep) continue;
      forgettings.push_back(
          {point.snapshot, base::text("retention of policy '", series.policy, "'")});
    }
  }
  return forgettings;
}

std::vector<store::Snapshot> shown_by_id(const store::Repository& repository,
                                         const std::vector<std::string>& ids) {
  return by_id(repository.snapshots(), ids, "");
}

std::vector<store::Snapshot> forgotten_by_id(const store::Repository& repository,
                                             const std::vector<std::string>& ids) {
  return by_id(all_forgotten(repository), ids, "forgotten ");
}

RetentionReport plan_named(std::vector<store::Snapshot> points, const IsHeld& is_held) {
  const auto key = [](const store::Snapshot& point) {
    return std::tie(point.tenant, point.mailbox_id, point.time, point.id);
  };
  std::ranges::sort(points,
                    [&](const auto& left, const auto& right) { return key(left) < key(right); });
  const auto again =
      std::unique(points.begin(), points.end(),
                  [](const auto& left, const auto& right) { return left.id == right.id; });
  points.erase(again, points.end());
  RetentionReport report;
  for (store::Snapshot& point : points) {
    std::vector<PlannedSeries>& series = report.series;
    if (series.empty() || series.back().tenant != point.tenant ||
        series.back().mailbox_id != point.mailbox_id) {
      series.push_back({point.tenant, point.mailbox_id, "", {}});
    }
    series.back().policy = point.policy;
    const bool held = is_held(point);
    series.back().points.push_back({std::move(point), held, {held ? "hold" : "named"}});
  }
  return report;
}

void require_old_enough(const std::vector<store::Snapshot>& points, base::Duration minimum_age,
                        base::Instant now) {
  if (minimum_age <= base::Duration{0}) return;
  for (const store::Snapshot& point : points) {
    if (now - point.time >= minimum_age) continue;
    throw base::Error{
        base::ErrorKind::usage,
        base::text(
            "restore point ", point.id, " of ", point.address,
            " is younger than 'minimum_age' in [store] allows to be forgotten; it may go on ",
            base::format_rfc3339(point.time + minimum_age))};
  }
}

bool is_held(const std::vector<store::Hold>& holds, const store::Snapshot& snapshot) {
  return std::ranges::any_of(holds, [&](const store::Hold& hold) { return hold.covers(snapshot); });
}

store::Hold new_hold(const store::Repository& repository, std::string_view subject,
                     std::string reason, base::Instant now) {
  store::Hold hold;
  hold.id = base::new_ulid(now);
  hold.subject = std::string{subject};
  hold.reason = std::move(reason);
  hold.time = now;
  // A mailbox may have nothing left but what is forgotten and not purged: all the more reason.
  std::vector<store::Snapshot> points = all_forgotten(repository);
  std::ranges::move(repository.snapshots(), std::back_inserter(points));
  std::optional<store::Snapshot> point = catalog::find_by_id(points, subject);
  if (point) {
    hold.snapshot_id = point->id;
  } else {
    point = catalog::restore_points_of(std::move(points), subject).back();
    hold.subject = point->address;
  }
  hold.tenant = point->tenant;
  hold.mailbox_id = point->mailbox_id;
  return hold;
}

Record forgotten_record(const store::ForgottenSnapshot& forgotten) {
  return Record{{"type", "forgotten"},
                {"id", forgotten.snapshot.id},
                {"mailbox", forgotten.snapshot.address},
                {"mailbox_id", forgotten.snapshot.mailbox_id},
                {"time", forgotten.snapshot.time},
                {"complete", forgotten.snapshot.complete},
                {"items", forgotten.snapshot.items},
                {"bytes", forgotten.snapshot.bytes},
                {"forgotten", forgotten.time},
                {"reason", text_or_null(forgotten.reason)},
                {"tenant", forgotten.snapshot.tenant.name}};
}

Record hold_record(const store::Hold& hold) {
  return Record{{"type", "hold"},
                {"id", hold.id},
                {"subject", hold.subject},
                {"mailbox_id", hold.mailbox_id},
                {"snapshot", text_or_null(hold.snapshot_id)},
                {"reason", text_or_null(hold.reason)},
                {"time", hold.time},
                {"tenant", hold.tenant.name}};
}

Record prune_summary(const store::PruneReport& report, bool dry_run, double seconds) {
  Value::List purged;
  for (const std::string& id : report.purged) purged.emplace_back(id);
  return Record{{"type", "summary"},
                {"command", "prune"},
                {"status", "complete"},
                {"dry_run", dry_run},
                {"seconds", seconds},
                {"epoch", report.epoch},
                {"purged", std::move(purged)},
                {"packs_deleted", report.packs_deleted},
                {"packs_rewritten", report.packs_rewritten},
                {"chunks_moved", report.chunks_moved},
                {"bytes_deleted", report.bytes_deleted},
                {"bytes_written", report.bytes_written},
                {"trash_bytes_freed", report.trash_bytes_freed},
                {"bytes_left", report.bytes_left}};
}

}  // namespace jobs

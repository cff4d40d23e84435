#include "tests/simulation/store_schedule.h"

#include "src/base/random.h"
#include "src/base/text.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace simulation {
namespace {

using base::ErrorKind;

constexpr std::size_t kMostBackups = 3;

}  // namespace

void StoreSchedule::run() {
  const std::uint64_t steps = 10 + dice_.below(50);
  for (std::uint64_t i = 0; i < steps; ++i) {
    if (dice_.one_in(12)) world_.plan_fault();
    step();
    if (world_.faults().is_power_cut()) {
      crash();
    } else if (world_.is_degraded() && dice_.one_in(3)) {
      reopen();
    }
    if (dice_.one_in(25)) world_.check_promises();
  }
  end();
}

void StoreSchedule::step() {
  const std::uint64_t kind = dice_.below(100);
  if (kind < 12) return whole_backup();
  if (kind < 55) return small_step(false);
  if (kind < 70) return prune();
  if (kind < 80) return set_clock();
  if (kind < 90) return world_.keep_index();
  if (kind < 96) return reopen();
  check();
}

void StoreSchedule::small_step(bool commits_are_held) {
  const std::uint64_t kind = dice_.below(100);
  if (kind < 55 || (commits_are_held && kind < 85)) return advance_backup(commits_are_held);
  if (kind >= 85) return kind < 98 ? restore() : world_.check_reader();
  if (kind < 68) return forget();
  if (kind < 71) return recall();
  if (kind < 75) return add_hold();
  if (kind < 78) return remove_hold();
  if (kind < 80) return flush();
  commit();
}

void StoreSchedule::advance_backup(bool commits_are_held) {
  if (backups_.size() < kMostBackups && (backups_.empty() || dice_.one_in(4))) {
    backups_.push_back(std::make_unique<OpenBackup>(world_, dice_, ++numbers_));
    if (dice_.one_in(3)) return;  // what it starts from may be forgotten before it begins
  }
  const std::size_t which = dice_.below(backups_.size());
  for (std::uint64_t left = 1 + dice_.below(8); left > 0; --left) {
    OpenBackup& backup = *backups_[which];
    if (backup.is_prepared()) {
      if (!commits_are_held) commit();
      return;
    }
    if (backup.advance()) continue;
    if (!world_.faults().is_power_cut())
      backups_.erase(backups_.begin() + static_cast<long>(which));
    return;
  }
}

void StoreSchedule::whole_backup() {
  auto backup = std::make_unique<OpenBackup>(world_, dice_, ++numbers_);
  while (!backup->is_prepared()) {
    if (!backup->advance()) return;
  }
  backups_.push_back(std::move(backup));
  commit();
}

// All that is prepared, in one record.
void StoreSchedule::commit() {
  std::vector<store::Snapshot> prepared;
  for (const auto& backup : backups_) {
    if (!backup->is_prepared()) continue;
    prepared.push_back(backup->prepared());
    world_.model().add(backup->prepared(), backup->items());
  }
  if (prepared.empty()) return;
  const auto set = [&](Standing standing) {
    for (const store::Snapshot& snapshot : prepared) {
      world_.model().point(snapshot.id).standing = standing;
    }
  };
  set(kAbsent | kShown);
  std::string what = "commit";
  for (const store::Snapshot& snapshot : prepared) {
    what += base::text(" ", snapshot.mailbox_id, "/", snapshot.id);
  }
  const Outcome outcome =
      world_.attempt(std::move(what), [&] { world_.repository().commit(prepared); });
  if (outcome == Outcome::done) set(kShown);
  if (outcome == Outcome::power_cut) return;
  std::erase_if(backups_, [](const auto& backup) { return backup->is_prepared(); });
}

void StoreSchedule::flush() {
  world_.attempt("flush", [&] { world_.repository().commit({}); });
}

// What an open backup starts from, if that can be forgotten.
StoreModel::Point* StoreSchedule::base_or(StoreModel::Point* otherwise) {
  if (backups_.empty()) return otherwise;
  const OpenBackup& backup = *dice_.one_of(backups_);
  if (!backup.base()) return otherwise;
  StoreModel::Point& point = world_.model().point(backup.base()->id);
  return point.standing == kShown ? &point : otherwise;
}

void StoreSchedule::forget() {
  std::vector<StoreModel::Point*> shown = world_.model().points_that_are(kShown);
  if (shown.empty()) return;
  StoreModel::Point& point = dice_.one_in(2) ? *dice_.one_of(shown) : *base_or(dice_.one_of(shown));
  const bool may_be_held = world_.model().may_be_held(point.snapshot);
  const bool is_held = world_.model().is_surely_held(point.snapshot);
  point.standing = kShown | kForgotten;
  const Outcome outcome = world_.attempt(
      "forget " + point.snapshot.id,
      [&] {
        world_.repository().forget(std::vector{store::Forgetting{point.snapshot, "simulated"}});
      },
      may_be_held ? std::optional{ErrorKind::usage} : std::nullopt);
  if (outcome == Outcome::refused) point.standing = kShown;
  if (outcome != Outcome::done) return;
  if (is_held) throw Violation{"a held restore point was forgotten"};
  point.standing = kForgotten;
}

void StoreSchedule::recall() {
  std::vector<StoreModel::Point*> forgotten = world_.model().points_that_are(kForgotten);
  if (forgotten.empty()) return;
  StoreModel::Point& point = *dice_.one_of(forgotten);
  point.standing = kShown | kForgotten;
  const Outcome outcome = world_.attempt("recall " + point.snapshot.id, [&] {
    world_.repository().recall(std::vector{point.snapshot});
  });
  if (outcome == Outcome::done) point.standing = kShown;
}

void StoreSchedule::add_hold() {
  std::vector<StoreModel::Point*> points =
      world_.model().points_that_are(dice_.one_in(2) ? kShown : kForgotten);
  if (points.empty()) return;
  const store::Snapshot& snapshot = dice_.one_of(points)->snapshot;
  store::Hold hold;
  hold.id = base::new_ulid(world_.clock().now());
  hold.tenant = snapshot.tenant;
  hold.mailbox_id = snapshot.mailbox_id;
  if (dice_.one_in(2)) hold.snapshot_id = snapshot.id;
  hold.time = world_.clock().now();
  world_.model().add(hold);
  StoreModel::HoldPlace& place = world_.model().hold(hold.id);
  place.standing = kAbsent | kShown;
  const Outcome outcome =
      world_.attempt(base::text("hold ", hold.mailbox_id, " ", hold.snapshot_id, " by ", hold.id),
                     [&] { world_.repository().add_hold(hold); });
  if (outcome == Outcome::done) place.standing = kShown;
}

void StoreSchedule::remove_hold() {
  std::vector<StoreModel::HoldPlace*> holds = world_.model().holds_that_are(kShown);
  if (holds.empty()) return;
  StoreModel::HoldPlace& place = *dice_.one_of(holds);
  place.standing = kAbsent | kShown;
  const Outcome outcome = world_.attempt("remove hold " + place.hold.id, [&] {
    world_.repository().remove_hold(place.hold.id, "simulated");
  });
  if (outcome == Outcome::done) place.standing = kAbsent;
}

void StoreSchedule::restore() {
  std::vector<StoreModel::Point*> points = world_.model().points_that_are(kShown);
  if (points.empty()) return;
  const StoreModel::Point& point = *dice_.one_of(points);
  StoreWorld::Proven proven;
  world_.attempt("restore " + point.snapshot.id,
                 [&] { world_.check_restore(world_.repository(), point, proven); });
}

void StoreSchedule::check() {
  const auto level = static_cast<store::CheckLevel>(dice_.below(3));
  store::CheckReport report;
  const Outcome outcome = world_.attempt(base::text("check ", static_cast<int>(level)), [&] {
    report = dice_.one_in(4) ? world_.repository().repair(level, {}, {})
                             : world_.repository().check(level, {}, {});
  });
  if (outcome != Outcome::done || world_.is_degraded()) return;
  world_.judge(report);
}

// Called before each operation of a prune; nothing happens within those of what happens here.
void StoreSchedule::watch_prune(std::string_view operation) {
  if (is_interrupted_) return;
  if (operation.ends_with("/fenced")) {
    moment_ = PruneMoment::fence;
    // Of the rounds of one prune the first tells where things were.
    may_go_.merge(world_.model().let_purge());
  }
  if (operation.ends_with("/deleting")) moment_ = PruneMoment::end_of_fence;
  // The first pack is looked at, to be deleted: anything can be committed again.
  if (moment_ == PruneMoment::end_of_fence && operation.starts_with("pack/")) {
    moment_ = PruneMoment::outside_fence;
  }
  if (operation.starts_with("log/")) return;  // read while the prune holds commits, too
  if (!dice_.one_in(10)) return;
  is_interrupted_ = true;
  world_.indent() = "    ";
  world_.note(base::text("before ", operation,
                         moment_ == PruneMoment::outside_fence ? ":" : ", behind the fence:"));
  small_step(moment_ != PruneMoment::outside_fence);
  world_.indent().clear();
  is_interrupted_ = false;
}

void StoreSchedule::prune() {
  store::PruneOptions options;
  options.dry_run = dice_.one_in(6);
  options.delete_only = dice_.one_in(5);
  if (dice_.one_in(8)) options.trash_for = base::Duration{0};
  const std::vector<std::string> before = world_.objects().names();
  may_go_.clear();
  moment_ = PruneMoment::outside_fence;
  const bool is_busy = !options.dry_run && !dice_.one_in(3);
  if (is_busy) {
    world_.note("a prune begins, within which this happens:");
    world_.backend().set_on_operation([this](std::string_view name) { watch_prune(name); });
  } else if (!options.dry_run) {
    may_go_ = world_.model().let_purge();
  }
  store::PruneReport report;
  const Outcome outcome =
      world_.attempt(base::text(options.dry_run ? "dry " : "", "prune",
                                options.delete_only ? ", only deleting" : ""),
                     [&] { report = world_.repository().prune(options, {}, {}); });
  world_.backend().set_on_operation({});
  is_interrupted_ = false;
  world_.indent().clear();
  if (outcome != Outcome::done) return;
  world_.note(base::text("  purged ", report.purged.size(), ", deleted ", report.packs_deleted,
                         ", rewrote ", report.packs_rewritten, ", moved ", report.chunks_moved));
  if (!options.dry_run) return compare_with_model(report);
  if (world_.objects().names() != before) throw Violation{"a dry run has changed the store"};
}

void StoreSchedule::compare_with_model(const store::PruneReport& report) {
  for (const std::string& id : report.purged) {
    if (!may_go_.contains(id)) throw Violation{"prune purged " + id + ", which had to stay"};
    world_.model().point(id).standing = kAbsent;
    may_go_.erase(id);
  }
  // What it did not purge it left alone.
  for (const auto& [id, before] : may_go_) {
    if ((before & kAbsent) == 0) world_.model().point(id).standing &= ~kAbsent;
  }
}

void StoreSchedule::set_clock() {
  using std::chrono::hours;
  const base::Instant now = world_.clock().now();
  // More often forward than back.
  const std::uint64_t most_hours = dice_.one_in(3) ? std::uint64_t{24 * 365 * 5} : 100;
  const hours by{static_cast<std::int64_t>(dice_.below(2 * most_hours)) -
                 static_cast<std::int64_t>(most_hours / 2)};
  const base::Instant earliest = base::from_milliseconds(0);
  const base::Instant latest = base::from_milliseconds(4'000'000'000'000);
  world_.clock().set(
      std::clamp(now + std::chrono::duration_cast<base::Duration>(by), earliest, latest));
  world_.note("the clock is set to " + base::format_rfc3339(world_.clock().now()));
}

void StoreSchedule::reopen() {
  backups_.clear();
  world_.close();
  world_.faults().clear();
  if (dice_.one_in(3)) world_.put_back_index();
  world_.open(dice_.one_in(6) ? StoreWorld::Opening::with_new_index
                              : StoreWorld::Opening::as_it_is);
}

void StoreSchedule::crash() {
  backups_.clear();
  world_.close();
  world_.faults().clear();
  if (dice_.one_in(2)) world_.put_back_index();
  world_.open();
}

void StoreSchedule::end() {
  world_.faults().clear();
  world_.calm_down();
  reopen();
  world_.empty_trash();
  world_.check_promises();
  // And with nothing else going on everything that may go goes, and nothing else.
  may_go_ = world_.model().let_purge();
  const std::size_t expected = may_go_.size();
  store::PruneReport report;
  world_.attempt("last prune", [&] { report = world_.repository().prune({}, {}, {}); });
  compare_with_model(report);
  if (report.purged.size() != expected) throw Violation{"a prune left what had to go"};
  world_.empty_trash();
  world_.check_promises();
  reopen();
  world_.check_promises();
}

}  // namespace simulation

#include "tests/simulation/life_backup.h"

#include "src/backup/discovery.h"
#include "src/base/text.h"
#include "src/jobs/protection.h"

#include <algorithm>
#include <utility>

namespace simulation {
namespace {

using backup::Outcome;
using base::text;

// A few of them are enough for people.
constexpr std::size_t kMostTold = 12;

std::string joined(const std::vector<std::string>& differences) {
  std::string told;
  for (std::size_t i = 0; i < std::min(differences.size(), kMostTold); ++i) {
    told += "\n    " + differences[i];
  }
  if (differences.size() > kMostTold) told += text("\n    ... ", differences.size(), " in all");
  return told;
}

}  // namespace

void LifeBackup::run(const BackupPlan& plan) {
  living_ = world_.living_mailboxes();
  moments_.clear();
  report_.reset();
  mailbox_lost_ = false;
  take_moments();
  {
    auto tenant = world_.tenant().world();
    tenant->statistics.late_rounds.clear();
    faults_before_ = fault_count(*tenant);
  }
  static_cast<void>(world_.transport().take_struck());
  world_.note(text(plan.full ? "full backup" : "backup", plan.interruption.told()));
  arrange(plan);
  cut_short_ = !world_.run(plan.interruption, [&](std::stop_token stop) { back_up(plan, stop); });
  world_.transport().forget_plans();
  any_fault_ = fault_count(*world_.tenant().world()) > faults_before_;
  struck_ = world_.transport().take_struck();
  if (report_) judge_reports(plan);
  judge_points(plan);
}

// Interruptions have a plan of their own at the transport: a run has one or the other.
void LifeBackup::arrange(const BackupPlan& plan) {
  if (plan.change_after) {
    world_.transport().at_request(*plan.change_after, [this] {
      world_.note("  meanwhile:");
      events_.change_meanwhile();
      take_moments();
    });
  } else if (plan.loss_after) {
    world_.transport().at_request(*plan.loss_after, [this] {
      events_.lose_mailbox();
      mailbox_lost_ = true;
    });
  }
}

void LifeBackup::take_moments() {
  for (const auto& [id, address] : living_) moments_[id].push_back(world_.present(id));
}

void LifeBackup::back_up(const BackupPlan& plan, std::stop_token stop) {
  backup::Discovery discovery;
  try {
    discovery = discover(stop);
  } catch (const base::Error& error) {
    const bool has_reason = fault_count(*world_.tenant().world()) > faults_before_ ||
                            plan.interruption.kind != Interruption::Kind::none;
    if (!has_reason) throw Difference{text("the mailboxes are not found: ", error.what())};
    return world_.note(text("  the mailboxes are not found: ", error.what()));
  }
  judge_discovery(discovery);
  backup::RunSettings settings;
  settings.tenant = LifeWorld::kTenant;
  settings.full = plan.full;
  settings.concurrent_mailboxes = world_.plan().side_by_side ? 3 : 1;
  settings.lanes_per_mailbox = world_.plan().side_by_side ? 2 : 1;
  backup::RunProgress progress;
  report_ = backup::run_backup({world_.engine().mailboxes(), world_.repository(), world_.clock()},
                               settings, discovery.mailboxes, progress, std::move(stop));
}

backup::Discovery LifeBackup::discover(std::stop_token stop) {
  backup::DiscoverySettings settings;
  settings.tenant = LifeWorld::kTenant;
  settings.policies = {{"nightly", {}}};
  settings.lanes = world_.plan().side_by_side ? 8 : 1;
  const std::vector<store::Snapshot> known =
      jobs::newest_points(world_.repository().snapshots(), settings.tenant);
  return backup::discover(world_.engine().directory(), settings, known, world_.clock(),
                          std::move(stop), backup::recall_from(world_.repository()));
}

// Nobody is left out silently.
void LifeBackup::judge_discovery(const backup::Discovery& discovery) const {
  const bool any_fault = fault_count(*world_.tenant().world()) > faults_before_;
  for (const auto& [id, address] : living_) {
    const bool is_found = std::ranges::any_of(
        discovery.mailboxes, [&, &id = id](const auto& mailbox) { return mailbox.id.value == id; });
    const bool is_told =
        std::ranges::any_of(discovery.unprotectable, [&, &address = address](const auto& account) {
          return account.address == address && account.failure;
        });
    if (mailbox_lost_) continue;
    if (is_found || (is_told && any_fault)) continue;
    for (const backup::Unprotectable& account : discovery.unprotectable) {
      world_.note(
          text("  not protected: ", account.address, " ", account.code, ": ", account.reason));
    }
    throw Difference{address + " is left out"};
  }
  for (const KnownPoint& point : points_) {
    if (living_.contains(point.snapshot.mailbox_id)) continue;
    const bool is_told = std::ranges::any_of(discovery.unprotectable, [&](const auto& account) {
      return account.address == point.snapshot.address && account.code == "AccountGone";
    });
    if (!is_told) throw Difference{point.snapshot.address + " is gone, and nobody says so"};
  }
}

void LifeBackup::judge_reports(const BackupPlan& plan) const {
  for (const backup::MailboxReport& mailbox : report_->mailboxes) {
    for (const backup::Problem& problem : mailbox.problems) {
      world_.note(text("  problem: ", mailbox.address, " '", problem.folder, "' ", problem.item,
                       " ", problem.code, ": ", problem.message));
    }
    const bool is_stored = mailbox.snapshot.has_value();
    const bool should_be =
        mailbox.outcome == Outcome::complete || mailbox.outcome == Outcome::partial;
    if (is_stored != should_be) throw Difference{mailbox.address + " has no restore point"};
    if (is_stored && mailbox.snapshot->complete != (mailbox.outcome == Outcome::complete)) {
      throw Difference{mailbox.address + " is called complete, and is not"};
    }
    if (!is_stored && !any_fault_ && !cut_short_ && !mailbox_lost_) {
      throw Difference{mailbox.address + " failed without a reason"};
    }
    if (plan.must_be_exact && mailbox.outcome != Outcome::complete) {
      throw Difference{mailbox.address + " is not complete in the end"};
    }
  }
}

void LifeBackup::judge_points(const BackupPlan& plan) {
  std::map<std::string, store::Snapshot> shown;
  for (store::Snapshot& snapshot : world_.repository().snapshots()) {
    std::string id = snapshot.id;
    shown.emplace(std::move(id), std::move(snapshot));
  }
  for (const KnownPoint& point : points_) {
    if (shown.erase(point.snapshot.id) == 0) throw Difference{"a restore point is gone"};
  }
  if (report_) {
    for (const backup::MailboxReport& mailbox : report_->mailboxes) {
      if (mailbox.snapshot && !shown.contains(mailbox.snapshot->id)) {
        throw Difference{"what was acknowledged is not there: " + mailbox.address};
      }
    }
  }
  if (plan.must_be_exact && shown.size() != living_.size()) {
    throw Difference{text(shown.size(), " restore points of ", living_.size(), " mailboxes")};
  }
  for (const auto& [id, snapshot] : shown) judge_point(snapshot);
}

void LifeBackup::judge_point(const store::Snapshot& snapshot) {
  KnownPoint point{snapshot, stored_listing(world_.store(), snapshot), false};
  const KnownRun run = known_run(snapshot);
  const backup::MailboxReport* report = report_of(snapshot);
  world_.note(text("  ", snapshot.address, ": ", snapshot.complete ? "complete, " : "partial, ",
                   snapshot.items, " items, ", snapshot.counts.stored, " stored, ",
                   snapshot.counts.failed, " failed", report == nullptr ? ", untold" : ""));
  const std::vector<std::string> found = differences(run, snapshot, point.listing, report);
  if (!found.empty()) {
    throw Difference{text("the restore point of ", snapshot.address, " is not what it should be",
                          joined(found))};
  }
  add_search_keys(run, point);
  points_.push_back(std::move(point));
}

void LifeBackup::add_search_keys(const KnownRun& run, KnownPoint& point) const {
  if (run.form != graph::ApiForm::items) return;
  for (auto& [place, item] : point.listing.items) {
    if (!item.search_keys.empty()) continue;
    point.lacks_keys = true;
    for (const Listing& moment : run.moments) {
      if (const ListedItem* there = moment.find(place)) item.search_keys = there->search_keys;
    }
    if (!item.search_keys.empty()) continue;
    if (const ListedItem* before = run.base.find(place)) item.search_keys = before->search_keys;
  }
}

// Null if the run died before it could tell.
const backup::MailboxReport* LifeBackup::report_of(const store::Snapshot& snapshot) const {
  if (!report_) return nullptr;
  for (const backup::MailboxReport& mailbox : report_->mailboxes) {
    if (mailbox.snapshot && mailbox.snapshot->id == snapshot.id) return &mailbox;
  }
  return nullptr;
}

KnownRun LifeBackup::known_run(const store::Snapshot& snapshot) const {
  KnownRun run;
  run.form = world_.plan().form;
  if (const KnownPoint* newest = newest_point(snapshot.mailbox_id)) run.base = newest->listing;
  const auto moments = moments_.find(snapshot.mailbox_id);
  if (moments == moments_.end()) throw Difference{"a mailbox that is not there is backed up"};
  run.moments = moments->second;
  run.cut_short = cut_short_ || mailbox_lost_;
  run.any_fault = any_fault_;
  run.struck = struck_;
  run.poisoned = world_.poisoned();
  auto tenant = world_.tenant().world();
  const auto late = tenant->statistics.late_rounds.find(world_.mailbox_of(snapshot.mailbox_id));
  if (late != tenant->statistics.late_rounds.end()) run.late = late->second;
  return run;
}

const KnownPoint* LifeBackup::newest_point(const std::string& mailbox_id) const {
  const auto found = std::find_if(points_.rbegin(), points_.rend(), [&](const KnownPoint& point) {
    return point.snapshot.mailbox_id == mailbox_id;
  });
  return found == points_.rend() ? nullptr : &*found;
}

}  // namespace simulation

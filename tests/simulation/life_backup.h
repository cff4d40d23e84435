// One backup of the simulated tenant, and whether what it left is what it should be.
#pragma once

#include "src/backup/backup_run.h"
#include "tests/simulation/life_events.h"
#include "tests/simulation/life_oracle.h"
#include "tests/simulation/life_world.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace simulation {

struct BackupPlan {
  bool full = false;
  Interruption interruption;
  // After so many requests: items change, or a mailbox goes away.
  std::optional<std::uint64_t> change_after;
  std::optional<std::uint64_t> loss_after;
  // No mailbox may lack a complete restore point.
  bool must_be_exact = false;
};

class LifeBackup {
 public:
  // All outlive it.
  LifeBackup(LifeWorld& world, LifeEvents& events, std::vector<KnownPoint>& points)
      : world_(world), events_(events), points_(points) {}

  // Restore points that came of it are added to the known ones. Throws Difference.
  void run(const BackupPlan& plan);

 private:
  void arrange(const BackupPlan& plan);
  // False if the service would not tell which mailboxes there are.
  void back_up(const BackupPlan& plan, std::stop_token stop);
  backup::Discovery discover(std::stop_token stop);
  void judge_discovery(const backup::Discovery& discovery) const;
  void take_moments();
  void judge_reports(const BackupPlan& plan) const;
  void judge_points(const BackupPlan& plan);
  void judge_point(const store::Snapshot& snapshot);
  // What the restore point does not know of its items, the tenant does.
  void add_search_keys(const KnownRun& run, KnownPoint& point) const;
  [[nodiscard]] const backup::MailboxReport* report_of(const store::Snapshot& snapshot) const;
  [[nodiscard]] KnownRun known_run(const store::Snapshot& snapshot) const;
  [[nodiscard]] const KnownPoint* newest_point(const std::string& mailbox_id) const;

  LifeWorld& world_;
  LifeEvents& events_;
  std::vector<KnownPoint>& points_;

  // Of the run that is on.
  std::map<std::string, std::string> living_;            // at its beginning
  std::map<std::string, std::vector<Listing>> moments_;  // by the engine's id of the mailbox
  std::optional<backup::RunReport> report_;
  bool cut_short_ = false;
  bool mailbox_lost_ = false;
  bool any_fault_ = false;
  std::uint64_t faults_before_ = 0;
  std::set<std::string> struck_;
};

}  // namespace simulation

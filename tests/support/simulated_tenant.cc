#include "tests/support/simulated_tenant.h"

#include "src/backup/folder_tree.h"
#include "src/catalog/folder_paths.h"
#include "src/jobs/protection.h"
#include "tests/simulator/evolution.h"
#include "tests/simulator/item_stream.h"
#include "tests/support/simulated_settings.h"

namespace test {
namespace {

bool is_backed_up(const simulator::Folder& folder) {
  graph::Folder seen;
  seen.well_known_name = folder.plan.well_known_name;
  seen.is_search_folder = folder.plan.search;
  return !backup::is_skipped_folder(seen);
}

}  // namespace

simulator::TenantPlan small_tenant_plan(std::uint64_t seed, std::uint64_t items) {
  simulator::TenantPlan plan;
  plan.seed = seed;
  plan.mailboxes = 4;
  plan.items = items;
  plan.bytes = items * 3'000;
  plan.accounts_without_mailbox = false;
  return plan;
}

SimulatedTenant::SimulatedTenant(const simulator::TenantPlan& plan)
    : simulator_(plan, repository_.clock().now()),
      transport_(simulator_, repository_.clock()),
      tenant_(simulated_settings(*simulator_.world(), plan), transport_, repository_.clock()) {}

std::vector<backup::Mailbox> SimulatedTenant::discover() {
  backup::DiscoverySettings settings;
  settings.tenant = SmallRepository::kTenant;
  settings.policies = {{"nightly", {}}};
  const std::vector<store::Snapshot> known =
      jobs::newest_points(repository_.repository().snapshots(), settings.tenant);
  return backup::discover(tenant_.directory(), settings, known, repository_.clock(), {},
                          backup::recall_from(repository_.repository()))
      .mailboxes;
}

backup::RunReport SimulatedTenant::back_up(bool full, std::size_t concurrent_mailboxes) {
  repository_.clock().advance(std::chrono::hours{24});
  return back_up_now(full, concurrent_mailboxes);
}

backup::RunReport SimulatedTenant::back_up_now(bool full, std::size_t concurrent_mailboxes) {
  backup::RunSettings settings;
  settings.tenant = SmallRepository::kTenant;
  settings.full = full;
  settings.concurrent_mailboxes = concurrent_mailboxes;
  backup::RunProgress progress;
  return backup::run_backup({tenant_.mailboxes(), repository_.repository(), repository_.clock()},
                            settings, discover(), progress, {});
}

restore::RestoreReport SimulatedTenant::restore(const store::Snapshot& point,
                                                const restore::RestoreTarget& target,
                                                const restore::RestoreSettings& settings) {
  restore::RestoreProgress progress;
  return restore::run_restore({tenant_.mailboxes(), repository_.tenant(),
                               repository_.repository().journals(), repository_.clock()},
                              point, {}, target, settings, [](const restore::ItemReport&) {},
                              progress, {});
}

void SimulatedTenant::live_one_day() {
  auto world = simulator_.world();
  simulator::live_one_day(*world, repository_.clock().now());
}

Hashes SimulatedTenant::present(const std::string& mailbox_id, const std::string& path) {
  auto world = simulator_.world();
  const simulator::Mailbox& mailbox = *world->find_mailbox(mailbox_id);
  Hashes present;
  for (const auto& [number, item] : mailbox.items()) {
    if (!is_backed_up(mailbox.folder(item.folder))) continue;
    std::string folder = mailbox.path_of(item.folder);
    if (!path.empty()) {
      if (!folder.starts_with(path + "/")) continue;
      folder = folder.substr(path.size() + 1);
    }
    present[folder].insert(simulator::summarize_stream(item.recipe).sha256.hex());
  }
  return present;
}

Hashes SimulatedTenant::stored(const store::Snapshot& snapshot) {
  const auto reader = repository_.tenant().open_snapshot(snapshot);
  const catalog::FolderPaths paths{reader->folders()};
  Hashes stored;
  reader->items([&](const store::ItemEntry& item) {
    stored[paths.path(item.folder_id)].insert(item.content.sha256.hex());
    return true;
  });
  return stored;
}

std::uint64_t SimulatedTenant::requests() { return tenant_.mailboxes().statistics().requests; }

}  // namespace test

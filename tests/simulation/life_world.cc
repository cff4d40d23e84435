#include "tests/simulation/life_world.h"

#include "src/base/text.h"
#include "src/graph/user_mailbox.h"
#include "tests/simulation/empty_store.h"
#include "tests/simulation/seeded_randomness.h"
#include "tests/support/simulated_settings.h"

#include <algorithm>
#include <utility>

namespace simulation {
namespace {

using Kind = Interruption::Kind;

simulator::TenantPlan tenant_plan_of(const LifeWorld::Plan& plan) {
  simulator::TenantPlan tenant;
  tenant.seed = plan.seed;
  tenant.mailboxes = plan.mailboxes;
  tenant.items = plan.items;
  tenant.bytes = plan.items * 1'500;
  tenant.accounts_without_mailbox = false;
  tenant.folder_jobs = plan.form == graph::ApiForm::folder_jobs;
  return tenant;
}

}  // namespace

std::string Interruption::told() const {
  switch (kind) {
    case Kind::none:
      return "";
    case Kind::stop:
      return base::text(", to be stopped after ", after, " requests");
    case Kind::kill_at_request:
      return base::text(", to be killed after ", after, " requests");
    case Kind::kill_before_storing:
    case Kind::kill_after_storing:
      return base::text(", to be killed after ", after, " operations of the store");
  }
  return "";
}

LifeWorld::LifeWorld(const Plan& plan)
    : plan_(plan),
      tenant_plan_(tenant_plan_of(plan)),
      simulator_(tenant_plan_, clock_.now()),
      wire_(simulator_, clock_),
      transport_(wire_, simulator_) {
  plant_empty_store(objects_);
  seed_randomness(plan.seed);
  index_.set_hook(faults_of_index(store_faults_));
  transport_.set_is_dead([this] { return is_dead(); });
  open();
}

void LifeWorld::open() {
  engine_.reset();
  repository_.reset();
  store_faults_.clear();
  is_dead_ = false;
  store::Repository::Settings settings;
  settings.index = "memory";
  settings.open_index = [this](store::Index::Mode mode, const store::RepositoryId& repository) {
    if (mode == store::Index::Mode::create) index_.lose();
    return index_.open(mode, repository);
  };
  repository_ =
      store::Repository::open(backend_, settings, passphrase(), store::Access::write, clock_);
  graph::TenantSettings of_tenant = test::simulated_settings(*simulator_.world(), tenant_plan_);
  engine_ = std::make_unique<graph::Tenant>(std::move(of_tenant), transport_, clock_);
}

std::map<std::string, std::string> LifeWorld::living_mailboxes() {
  std::map<std::string, std::string> living;
  auto world = simulator_.world();
  for (const simulator::User& user : world->directory.users) {
    if (user.deleted || user.mailbox_id.empty()) continue;
    const bool below_user = plan_.form == graph::ApiForm::folder_jobs;
    living[below_user ? graph::UserMailbox{user.id, user.mailbox_id}.id().value : user.mailbox_id] =
        user.mail;
  }
  return living;
}

std::string LifeWorld::mailbox_of(const std::string& engine_id) const {
  if (plan_.form == graph::ApiForm::items) return engine_id;
  return graph::UserMailbox::from({engine_id}).mailbox_id;
}

Listing LifeWorld::present(const std::string& engine_id) {
  auto world = simulator_.world();
  return present_listing(*world->find_mailbox(mailbox_of(engine_id)), plan_.form, hashes_);
}

Contents LifeWorld::contents(const std::string& engine_id) {
  auto world = simulator_.world();
  return contents_of(*world->find_mailbox(mailbox_of(engine_id)), plan_.form, hashes_);
}

void LifeWorld::set_weather(const std::string& rates) {
  auto world = simulator_.world();
  world->faults.clear();
  world->faults.configure(rates);
  for (const std::string& key : poisoned_) world->faults.poison(key);
}

void LifeWorld::poison(simulator::World& world, const std::string& search_key) {
  poisoned_.insert(search_key);
  world.faults.poison(search_key);
}

void LifeWorld::heal(simulator::World& world, const std::string& search_key) {
  poisoned_.erase(search_key);
  world.faults.heal(search_key);
}

void LifeWorld::heal_all() {
  auto world = simulator_.world();
  for (const std::string& key : poisoned_) world->faults.heal(key);
  poisoned_.clear();
}

bool LifeWorld::run(const Interruption& interruption,
                    const std::function<void(std::stop_token)>& act) {
  std::stop_source stop;
  plan_interruption(interruption, stop);
  try {
    act(stop.get_token());
  } catch (...) {
    if (!is_dead()) throw;  // a dead process says nothing any more
  }
  transport_.forget_plans();
  const bool died = is_dead();
  if (died) {
    ++times_killed_;
    open();
  } else {
    store_faults_.clear();
  }
  return !died && !stop.stop_requested();
}

void LifeWorld::plan_interruption(const Interruption& interruption, std::stop_source& stop) {
  switch (interruption.kind) {
    case Kind::none:
      return;
    case Kind::stop:
      return transport_.at_request(interruption.after, [&stop] { stop.request_stop(); });
    case Kind::kill_at_request:
      return transport_.at_request(interruption.after, [this, &stop] { die(stop); });
    case Kind::kill_before_storing:
      return store_faults_.plan(Fault::power_cut_before, interruption.after, "");
    case Kind::kill_after_storing:
      return store_faults_.plan(Fault::power_cut_after, interruption.after, "");
  }
}

// From now on nothing is sent and nothing stored; the stop only lets those come to an end who do
// not know that they are dead.
void LifeWorld::die(std::stop_source& stop) {
  is_dead_ = true;
  store_faults_.plan(Fault::power_cut_before, 0, "");
  stop.request_stop();
}

}  // namespace simulation

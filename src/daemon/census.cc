#include "src/daemon/census.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/daemon/census_file.h"
#include "src/daemon/census_rules.h"
#include "src/jobs/protection.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace appliance {
namespace {

// Members of groups that policies leave out, asked for once a look. A group that is gone has none.
class Members {
 public:
  Members(graph::Directory& directory, std::stop_token stop)
      : directory_(directory), stop_(std::move(stop)) {}

  const std::set<std::string>& of(const std::string& group) {
    const auto known = members_.find(group);
    if (known != members_.end()) return known->second;
    std::set<std::string>& members = members_[group];
    try {
      const std::vector<std::string> ids = directory_.group_members(group, stop_);
      members.insert(ids.begin(), ids.end());
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::not_found) throw;
    }
    return members;
  }

 private:
  graph::Directory& directory_;
  std::stop_token stop_;
  std::map<std::string, std::set<std::string>> members_;
};

std::vector<std::string> names_of(const std::vector<TenantConfiguration>& tenants) {
  std::vector<std::string> names;
  for (const TenantConfiguration& tenant : tenants) names.push_back(tenant.name);
  return names;
}

}  // namespace

std::string_view name(Protection protection) {
  switch (protection) {
    case Protection::is_protected:
      return "protected";
    case Protection::at_risk:
      return "at_risk";
    case Protection::unprotected:
      return "unprotected";
    case Protection::excluded:
      return "excluded";
    case Protection::unsupported:
      return "unsupported";
  }
  return "unknown";
}

struct Census::State {
  std::vector<SeenTenant> looks;
  StoredMailboxes stored;
  bool is_store_known = false;  // `stored` tells of a time at which the store was open
  std::shared_ptr<const std::vector<CountedMailbox>> mailboxes;
  std::optional<base::Instant> judged_until;  // the first change that time alone brings

  SeenTenant& look_at(const std::string& tenant) {
    const auto found = std::ranges::find(looks, tenant, &SeenTenant::name);
    return found != looks.end() ? *found : looks.emplace_back(SeenTenant{tenant, {}, {}, {}});
  }
};

Census::Census(std::filesystem::path file,
               std::function<std::optional<base::Duration>(const std::string&)> promised_age,
               Resources& resources, base::Clock& clock)
    : file_(std::move(file)),
      promised_age_(std::move(promised_age)),
      resources_(resources),
      clock_(clock),
      state_(std::make_unique<base::Synchronized<State>>()) {
  state_->lock()->looks = read_census(file_);
}

Census::~Census() = default;

void Census::look(std::stop_token stop) {
  const std::lock_guard looking{looking_};
  const Configuration configuration = resources_.configuration();
  std::vector<store::Snapshot> points;
  try {
    points = resources_.open_store(store::Access::read)->repository().snapshots();
  } catch (const base::Error& error) {
    // The service tells who is there all the same.
    if (error.kind() == base::ErrorKind::cancelled) throw;
    base::log(base::LogLevel::warning,
              "looking through the tenants without the store: ", error.what());
  }
  std::vector<jobs::FailedTenant> failed;
  const OpenTenants tenants = open_tenants(resources_, configuration, {}, failed);
  for (const auto& tenant : tenants) {
    try {
      look_at(tenant, configuration, points, stop);
    } catch (base::Error& error) {
      if (error.kind() == base::ErrorKind::cancelled) throw;
      error.add_context(base::text("looking through tenant '", tenant->configuration().name, "'"));
      failed.push_back({tenant->configuration().name, error});
    }
  }
  for (const jobs::FailedTenant& tenant : failed) note_problem(tenant.name, tenant.error.what());
  if (configuration.tenants.size() == 1 && !failed.empty()) throw failed.front().error;
}

void Census::look_at(const std::shared_ptr<OpenTenant>& tenant, const Configuration& configuration,
                     const std::vector<store::Snapshot>& points, const std::stop_token& stop) {
  graph::Directory& directory = tenant->service().directory();
  backup::DiscoverySettings settings;
  settings.tenant = tenant->domain();
  settings.policies = policies_of(configuration, tenant->configuration());
  const backup::Discovery found = backup::discover(
      directory, settings, jobs::newest_points(points, tenant->domain()), clock_, stop);
  Members members{directory, stop};
  note(tenant->configuration(), settings.policies, found,
       [&](const std::string& group) -> const std::set<std::string>& { return members.of(group); });
}

void Census::note(const TenantConfiguration& tenant,
                  const std::vector<backup::NamedPolicy>& policies, const backup::Discovery& found,
                  const backup::GroupMembers& members) {
  const std::vector<SeenAccount> before = state_->lock()->look_at(tenant.name).accounts;
  // Outside of the lock: `members` may ask the service.
  std::vector<SeenAccount> accounts = accounts_seen(found, policies, members, before, clock_.now());
  auto state = state_->lock();
  SeenTenant& look = state->look_at(tenant.name);
  look.accounts = std::move(accounts);
  look.looked = clock_.now();
  look.problem.clear();
  state->mailboxes.reset();
  write(*state);
}

void Census::note_problem(const std::string& tenant, const std::string& problem) {
  auto state = state_->lock();
  state->look_at(tenant).problem = problem;
  write(*state);
}

void Census::write(const State& state) const {
  try {
    write_census(file_, state.looks);
  } catch (const base::Error& error) {
    // What it found holds all the same, until a restart.
    base::log(base::LogLevel::warning, "who was found in the tenants is not kept: ", error.what());
  }
}

void Census::refresh() {
  const std::lock_guard refreshing{refreshing_};
  std::optional<StoredMailboxes> stored;
  std::optional<base::Error> failure;
  try {
    const auto store = resources_.open_store(store::Access::read);
    stored = stored_mailboxes(store->repository().snapshots(), store->repository().holds());
  } catch (const base::Error& error) {
    failure = error;
  }
  auto state = state_->lock();
  // One that is not there yet holds nothing: the tenants can be looked at before `init`.
  if (failure && failure->kind() == base::ErrorKind::no_store && !state->is_store_known) {
    stored.emplace();
    failure.reset();
  }
  if (stored) {
    state->stored = std::move(*stored);
    state->is_store_known = true;
  }
  if (state->is_store_known) judge(*state);
  if (failure) throw base::Error{*failure};
}

void Census::judge(State& state) const {
  const std::vector<TenantConfiguration> tenants = resources_.configuration().tenants;
  state.mailboxes = std::make_shared<const std::vector<CountedMailbox>>(
      counted_mailboxes(state.looks, names_of(tenants), state.stored, promised_age_, clock_.now()));
  state.judged_until = first_change(*state.mailboxes);
}

std::shared_ptr<const std::vector<CountedMailbox>> Census::mailboxes() {
  if (!state_->lock()->is_store_known) refresh();
  auto state = state_->lock();
  const bool has_changed = state->judged_until && clock_.now() >= *state->judged_until;
  if (!state->mailboxes || has_changed) judge(*state);
  return state->mailboxes;
}

std::optional<base::Instant> Census::looked() const {
  const std::vector<TenantConfiguration> tenants = resources_.configuration().tenants;
  auto state = state_->lock();
  std::optional<base::Instant> oldest;
  for (const TenantConfiguration& tenant : tenants) {
    const auto look = std::ranges::find(state->looks, tenant.name, &SeenTenant::name);
    if (look == state->looks.end() || !look->looked) return std::nullopt;
    if (!oldest || *look->looked < *oldest) oldest = look->looked;
  }
  return oldest;
}

std::vector<std::string> Census::problems() const {
  auto state = state_->lock();
  std::vector<std::string> problems;
  for (const SeenTenant& look : state->looks) {
    if (!look.problem.empty()) problems.push_back(look.problem);
  }
  return problems;
}

}  // namespace appliance

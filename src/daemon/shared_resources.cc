#include "src/daemon/shared_resources.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"

#include <utility>

namespace appliance {
namespace {

// What a store that cannot be written to may still be read for: restoring from a full disk, looking
// at it while another process repairs it.
bool may_still_be_read(const base::Error& error) {
  return error.kind() == base::ErrorKind::full || error.kind() == base::ErrorKind::disk ||
         error.kind() == base::ErrorKind::in_use;
}

}  // namespace

SharedResources::SharedResources(Configuration configuration, base::Clock& clock,
                                 graph::OnRequest on_request, StoreTimer* timer)
    : clock_(clock),
      on_request_(std::move(on_request)),
      timer_(timer),
      by_(jobs::this_process()),
      configuration_(std::move(configuration)) {}

Configuration SharedResources::configuration() { return *configuration_.lock(); }

std::shared_ptr<OpenStore> SharedResources::open_store(store::Access access) {
  const StoreSettings settings = configuration().store;
  // Opened with the mutex held: deriving a key takes as much memory as the whole budget of a small
  // appliance, once.
  auto state = state_.lock();
  if (state->lent > 0) {
    throw base::Error{base::ErrorKind::in_use,
                      "the store is lent to a command that needs it for itself"};
  }
  if (state->writing) return state->writing;
  try {
    state->writing = std::make_shared<OpenStore>(settings, store::Access::write, clock_, timer_);
    state->reading.reset();
    return state->writing;
  } catch (const base::Error& error) {
    if (access != store::Access::read || !may_still_be_read(error)) throw;
    if (!state->reading) {
      base::log(base::LogLevel::warning, "the store is open for reading only: ", error.what());
      state->reading = std::make_shared<OpenStore>(settings, store::Access::read, clock_, timer_);
    }
    return state->reading;
  }
}

std::shared_ptr<OpenTenant> SharedResources::open_tenant(const TenantConfiguration& tenant,
                                                         OpenTenant::Apps apps) {
  auto state = state_.lock();
  const auto find = [&](OpenTenant::Apps which) {
    return state->tenants.find({tenant.name, which});
  };
  // One that may do both serves both, so that all that is done with a mailbox is one budget.
  for (const auto which : {OpenTenant::Apps::backup_and_restore, apps}) {
    if (const auto known = find(which); known != state->tenants.end()) return known->second;
  }
  const auto open = [&](OpenTenant::Apps which) {
    auto opened = std::make_shared<OpenTenant>(
        tenant, configuration().limits, which, clock_,
        audited_sign_ins([this] { return this->opened(); }, by_, clock_), on_request_);
    state->tenants[{tenant.name, which}] = opened;
    return opened;
  };
  try {
    return open(OpenTenant::Apps::backup_and_restore);
  } catch (const base::Error& error) {
    if (apps == OpenTenant::Apps::backup_and_restore) throw;
    base::log(base::LogLevel::warning, "tenant '", tenant.name,
              "' is open for backups only: ", error.what());
    return open(OpenTenant::Apps::backup);
  }
}

std::shared_ptr<OpenStore> SharedResources::opened() {
  auto state = state_.lock();
  return state->writing ? state->writing : state->reading;
}

void SharedResources::reload(Configuration configuration) {
  {
    auto in_force = configuration_.lock();
    const StoreSettings& old = in_force->store;
    if (configuration.store.directory != old.directory || configuration.store.index != old.index) {
      throw base::Error{base::ErrorKind::usage,
                        base::text(configuration.path.string(),
                                   ": 'url' and 'index' in [store] change with a restart only")};
    }
    *in_force = std::move(configuration);
  }
  state_.lock()->tenants.clear();
}

std::unique_ptr<SharedResources::Lent> SharedResources::lend_store(std::stop_token stop) {
  std::weak_ptr<OpenStore> in_use;
  {
    auto state = state_.lock();
    ++state->lent;
    in_use = state->writing ? state->writing : state->reading;
    state->writing.reset();
    state->reading.reset();
    // Their sign-ins are told to the store that was open.
    state->tenants.clear();
  }
  std::unique_ptr<Lent> lent{new Lent{*this}};
  // Whoever still reads a page or ends a job leaves within moments; nobody tells when he does.
  while (!in_use.expired() && !stop.stop_requested()) {
    clock_.sleep_for(std::chrono::milliseconds{20}, stop);
  }
  return in_use.expired() ? std::move(lent) : nullptr;
}

SharedResources::Lent::~Lent() { --owner_.state_.lock()->lent; }

}  // namespace appliance

// One store and one connection to each tenant for all jobs and pages of a daemon.
#pragma once

#include "src/base/clock.h"
#include "src/base/synchronized.h"
#include "src/daemon/resources.h"

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace appliance {

// The store is opened for writing when it is first needed and stays open, whatever access is asked
// for; where that cannot be (its disk is full, another process writes), whoever only reads gets it
// open for reading. Tenants are opened for both apps where their credentials can be read.
class SharedResources final : public Resources {
 public:
  // The clock outlives it. `on_request` is told of every request to the services, and `timer` times
  // the store, and outlives it; both may be empty.
  SharedResources(Configuration configuration, base::Clock& clock, graph::OnRequest on_request = {},
                  StoreTimer* timer = nullptr);

  // The one in force.
  Configuration configuration() override;
  // Error(in_use) while it is lent.
  std::shared_ptr<OpenStore> open_store(store::Access access) override;
  std::shared_ptr<OpenTenant> open_tenant(const TenantConfiguration& tenant,
                                          OpenTenant::Apps apps) override;

  // From now on in force; tenants are opened anew when they are next needed, with the credentials
  // of then. Error(usage) if the store would be another one: that takes a restart.
  void reload(Configuration configuration);

  // Closes the store as soon as nobody works with it, and keeps it closed while the result lives.
  // Empty if `stop` came first.
  class Lent {
   public:
    ~Lent();

   private:
    friend class SharedResources;
    explicit Lent(SharedResources& owner) : owner_(owner) {}
    SharedResources& owner_;
  };
  [[nodiscard]] std::unique_ptr<Lent> lend_store(std::stop_token stop);
  [[nodiscard]] bool is_lent() const { return state_.lock()->lent > 0; }

 private:
  // The store as it is open now; null if it is not.
  std::shared_ptr<OpenStore> opened();

  struct State {
    std::shared_ptr<OpenStore> writing;
    std::shared_ptr<OpenStore> reading;
    std::map<std::pair<std::string, OpenTenant::Apps>, std::shared_ptr<OpenTenant>> tenants;
    std::size_t lent = 0;
  };
  base::Clock& clock_;
  graph::OnRequest on_request_;
  StoreTimer* timer_;
  jobs::AuditedBy by_;
  // Apart: what people are told while a store is being opened, which may take long, hangs on it.
  base::Synchronized<Configuration> configuration_;
  base::Synchronized<State> state_;
};

}  // namespace appliance

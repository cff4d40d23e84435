// The part of the readiness checks about rights: those that the apps need, each by its name, and
// those that they do not need.
#pragma once

#include "src/daemon/appliance.h"
#include "src/daemon/mailbox_sample.h"
#include "src/daemon/readiness.h"

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace appliance {

class RightsChecks {
 public:
  // Tenant and `on_check` outlive it.
  RightsChecks(OpenTenant& tenant, const OnCheck& on_check, std::stop_token stop)
      : tenant_(tenant), on_check_(on_check), stop_(std::move(stop)) {}

  // Only apps that signed in are looked at. `roles`: what the token names; empty if nobody can read
  // it.
  void signed_in(graph::App app, std::vector<std::string> roles) { roles_[app] = std::move(roles); }

  // Tries each right on these mailboxes with calls that change nothing; without any mailbox the
  // token alone can tell.
  void run(const std::optional<SampledMailbox>& primary,
           const std::optional<SampledMailbox>& shared);

 private:
  void tell(graph::App app, const graph::RightReport& right);
  void tell_untried(graph::App app, const std::vector<std::string>& roles);
  void tell_unneeded(graph::App app, const std::vector<std::string>& roles,
                     const std::optional<SampledMailbox>& sample);
  [[nodiscard]] std::string named(const std::string& what) const;

  OpenTenant& tenant_;
  const OnCheck& on_check_;
  std::stop_token stop_;
  std::map<graph::App, std::vector<std::string>> roles_;
};

}  // namespace appliance

#include "src/daemon/configuration.h"

#include "src/daemon/table_reader.h"
#include "src/http/url.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

void fuzz_configuration(base::ByteView input) {
  const std::string_view text = base::as_text(input);
  static_cast<void>(appliance::parse_size(text));
  const auto duration = appliance::parse_duration(text);
  hold(!duration || *duration >= base::Duration{0}, "a duration is not negative");

  const auto configuration = unless_refused({base::ErrorKind::usage}, [&] {
    return appliance::parse_configuration(text, "/etc/coffer/coffer.toml");
  });
  if (!configuration) return;
  hold(configuration->store.directory.is_absolute(), "a relative path is one below the file");
  for (const appliance::TenantConfiguration& tenant : configuration->tenants) {
    hold(!tenant.name.empty() && !tenant.tenant_id.empty(), "a tenant is named");
    hold(&configuration->tenant(tenant.name) == &tenant, "a tenant is found by its name");
    hold(http::parse_url(tenant.graph_url).has_value() &&
             http::parse_url(tenant.login_url).has_value(),
         "a service has a URL");
  }
  for (const appliance::PolicySettings& policy : configuration->policies) {
    hold(&configuration->policy(policy.name) == &policy, "a policy is found by its name");
    static_cast<void>(configuration->tenant(policy.tenant));
  }
}

}  // namespace fuzz

// A service whose answers are an input: bodies one after the other, divided by a zero octet.
#pragma once

#include "src/graph/tenant.h"
#include "tests/support/scripted_transport.h"
#include "tests/support/virtual_clock.h"

#include <array>
#include <string>
#include <string_view>

namespace fuzz {

inline graph::TenantSettings scripted_tenant_settings() {
  graph::TenantSettings settings;
  settings.tenant_id = "contoso.com";
  settings.backup_app.client_id = "backup-id";
  settings.backup_app.client_secret = base::Secret{std::string_view{"backup-secret"}};
  settings.jitter_seed = 1;
  return settings;
}

// The first octet of a body chooses its status: mostly a success. After the last body the service
// is gone for good.
class ScriptedService {
 public:
  explicit ScriptedService(std::string_view bodies) : bodies_(bodies) {
    const auto next = [this](const test::SentRequest&) { return answer(); };
    transport_.set_script(next);
  }

  [[nodiscard]] test::ScriptedTransport& transport() { return transport_; }
  [[nodiscard]] test::VirtualClock& clock() { return clock_; }

  test::ScriptedAnswer answer() {
    static constexpr std::array kStatuses{200, 200, 200, 201, 204, 400, 401, 403,
                                          404, 410, 429, 500, 503, 302, 413, 999};
    if (bodies_.empty()) return {.status = 410, .body = R"({"error":{"code":"itemNotFound"}})"};
    const std::string_view body = bodies_.substr(0, bodies_.find('\0'));
    bodies_.remove_prefix(std::min(bodies_.size(), body.size() + 1));
    if (body.empty()) return {};
    const auto choice = static_cast<unsigned char>(body.front());
    return {.status = kStatuses.at(choice % kStatuses.size()), .body = std::string{body.substr(1)}};
  }

 private:
  std::string_view bodies_;
  test::ScriptedTransport transport_;
  test::VirtualClock clock_;
};

}  // namespace fuzz

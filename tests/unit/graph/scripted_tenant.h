// A tenant whose service is a script: for tests of what the client makes of answers.
#pragma once

#include "src/base/error.h"
#include "src/graph/tenant.h"
#include "tests/support/scripted_transport.h"
#include "tests/support/virtual_clock.h"

#include <memory>
#include <string>
#include <utility>

namespace test {

inline graph::TenantSettings scripted_settings() {
  graph::TenantSettings settings;
  settings.tenant_id = "contoso.com";
  settings.backup_app.client_id = "backup-id";
  settings.backup_app.client_secret = base::Secret{std::string_view{"backup-secret"}};
  settings.restore_app.emplace();
  settings.restore_app->client_id = "restore-id";
  settings.restore_app->client_secret = base::Secret{std::string_view{"restore-secret"}};
  settings.jitter_seed = 1;
  return settings;
}

struct ScriptedTenant {
  ScriptedTransport transport{};
  VirtualClock clock{};
  graph::Tenant tenant{scripted_settings(), transport, clock};
  graph::MailboxId mailbox{"MBX:one@tenant"};

  graph::MailboxService& service() { return tenant.mailboxes(); }
};

// An answer with an error body as Graph writes it.
inline ScriptedAnswer refusal(int status, const std::string& code,
                              const std::string& message = "words",
                              std::vector<http::Header> headers = {}) {
  return {.status = status,
          .body = R"({"error":{"code":")" + code + R"(","message":")" + message + R"("}})",
          .headers = std::move(headers)};
}

// The kind of what `action` throws; failed if it throws nothing of ours.
template <typename Action>
std::pair<base::ErrorKind, std::string> error_of(Action action) {
  try {
    action();
  } catch (const base::Error& error) {
    return {error.kind(), error.what()};
  }
  return {base::ErrorKind::failed, "nothing was thrown"};
}

}  // namespace test

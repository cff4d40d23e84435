#include "src/daemon/settings_view.h"

#include "src/base/text.h"
#include "src/daemon/record_fields.h"
#include "src/http/url.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace appliance {
namespace {

jobs::Value origin(const CredentialFile& file) {
  if (!file.credential.empty()) return base::text("credential ", file.credential);
  return base::text("file ", file.path.string());
}

jobs::Value origin(const std::optional<CredentialFile>& file) {
  return file ? origin(*file) : jobs::Value{};
}

jobs::Value texts(const std::vector<std::string>& all) {
  return jobs::Value::List{all.begin(), all.end()};
}

jobs::Value duration(base::Duration duration) { return written(duration); }

// The path of a webhook is what lets one in.
jobs::Value hosts(const std::vector<std::string>& urls) {
  jobs::Value::List hosts;
  for (const std::string& url : urls) {
    const auto parsed = http::parse_url(url);
    hosts.emplace_back(parsed ? base::text(parsed->origin.text(), "/…") : std::string{"…"});
  }
  return hosts;
}

class Table {
 public:
  explicit Table(std::string name) : name_(std::move(name)) {}

  Table& add(const char* key, jobs::Value value) {
    values_.emplace_back(jobs::Record{{"key", key}, {"value", std::move(value)}});
    return *this;
  }
  [[nodiscard]] jobs::Record record() const { return {{"name", name_}, {"values", values_}}; }

 private:
  std::string name_;
  jobs::Value::List values_;
};

Table store_table(const StoreSettings& store) {
  Table table{"store"};
  table.add("url", store.directory.string())
      .add("index", store.index.string())
      .add("passphrase_file", origin(store.passphrase))
      .add("parity", store.parity)
      .add("minimum_age", duration(store.minimum_age));
  return table;
}

Table tenant_table(const TenantConfiguration& tenant) {
  Table table{base::text("tenant.", tenant.name)};
  table.add("tenant_id", tenant.tenant_id)
      .add("api", tenant.api == graph::ApiForm::items ? "items" : "folder-jobs")
      .add("login_url", tenant.login_url)
      .add("graph_url", tenant.graph_url)
      .add("import_hosts", texts(tenant.import_hosts))
      .add("ca_file", origin(tenant.ca_file));
  return table;
}

Table app_table(const TenantConfiguration& tenant, const char* name, const AppSettings& app) {
  Table table{base::text("tenant.", tenant.name, ".", name)};
  table.add("client_id", app.client_id)
      .add("client_secret_file", origin(app.client_secret))
      .add("certificate_file", origin(app.certificate))
      .add("private_key_file", origin(app.private_key));
  return table;
}

Table policy_table(const PolicySettings& policy) {
  Table table{base::text("policy.", policy.name)};
  table.add("tenant", policy.tenant)
      .add("include", texts(policy.include))
      .add("exclude", texts(policy.exclude))
      .add("order", texts(policy.order))
      .add("schedule", texts(policy.schedule))
      .add("timezone", policy.timezone)
      .add("window", texts(policy.window))
      .add("jitter", duration(policy.jitter));
  return table;
}

Table retention_table(const PolicySettings& policy) {
  const RetentionSettings& keep = policy.retention;
  Table table{base::text("policy.", policy.name, ".retention")};
  table.add("keep_last", keep.keep_last)
      .add("keep_hourly", keep.keep_hourly)
      .add("keep_daily", keep.keep_daily)
      .add("keep_weekly", keep.keep_weekly)
      .add("keep_monthly", keep.keep_monthly)
      .add("keep_yearly", keep.keep_yearly)
      .add("keep_within", keep.keep_within ? duration(*keep.keep_within) : jobs::Value{});
  return table;
}

Table alerts_table(const AlertSettings& alerts) {
  Table table{"alerts"};
  table.add("webhook", hosts(alerts.webhook))
      .add("smtp", alerts.smtp ? jobs::Value{alerts.smtp->text()} : jobs::Value{})
      .add("smtp_password_file", origin(alerts.smtp_password))
      .add("mail_from", alerts.mail_from)
      .add("mail_to", texts(alerts.mail_to))
      .add("ca_file", origin(alerts.ca_file));
  return table;
}

}  // namespace

jobs::Record settings_record(const Configuration& configuration, base::Instant loaded) {
  std::vector<Table> tables{store_table(configuration.store)};
  for (const TenantConfiguration& tenant : configuration.tenants) {
    tables.push_back(tenant_table(tenant));
    tables.push_back(app_table(tenant, "backup_app", tenant.backup_app));
    if (tenant.restore_app) tables.push_back(app_table(tenant, "restore_app", *tenant.restore_app));
  }
  for (const PolicySettings& policy : configuration.policies) {
    tables.push_back(policy_table(policy));
    tables.push_back(retention_table(policy));
  }
  tables.push_back(Table{"limits"}
                       .add("concurrent_mailboxes", configuration.limits.concurrent_mailboxes)
                       .add("requests_per_mailbox", configuration.limits.requests_per_mailbox)
                       .add("memory", base::human_bytes(configuration.limits.memory_bytes)));
  tables.push_back(Table{"web"}
                       .add("listen", configuration.web.listen)
                       .add("certificate_file", origin(configuration.web.certificate))
                       .add("private_key_file", origin(configuration.web.private_key)));
  tables.push_back(alerts_table(configuration.alerts));
  tables.push_back(Table{"service"}
                       .add("state", configuration.service.state.string())
                       .add("upkeep", texts(configuration.service.upkeep))
                       .add("timezone", configuration.service.timezone));
  jobs::Value::List records;
  for (const Table& table : tables) records.emplace_back(table.record());
  return jobs::Record{{"type", "settings"},
                      {"path", configuration.path.string()},
                      {"loaded", loaded},
                      {"tables", std::move(records)}};
}

}  // namespace appliance

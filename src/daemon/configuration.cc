#include "src/daemon/configuration.h"

#include "schedules/calendar_event.h"
#include "schedules/time_zone.h"
#include "schedules/window.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/daemon/places.h"
#include "src/daemon/table_reader.h"
#include "src/http/url.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace appliance {
namespace {

constexpr std::string_view kCredentialPrefix = "credential:";
constexpr std::size_t kLargestFileBytes = std::size_t{1} << 20;

// What relative paths are relative to.
struct Place {
  std::filesystem::path folder;

  [[nodiscard]] std::filesystem::path resolve(const std::string& path) const {
    return (folder / path).lexically_normal();  // an absolute path replaces the folder
  }
};

std::optional<CredentialFile> read_file_key(TableReader& table, const Place& place,
                                            const std::string& key) {
  const auto text = table.text(key);
  if (!text) return std::nullopt;
  CredentialFile file;
  file.origin = base::text(table.place(key), ": ", key);
  if (!text->starts_with(kCredentialPrefix)) {
    file.path = place.resolve(*text);
    return file;
  }
  file.credential = text->substr(kCredentialPrefix.size());
  if (file.credential.empty() || file.credential.find('/') != std::string::npos ||
      file.credential.starts_with('.')) {
    table.fail(key, base::text("'", key, "' names no credential: \"", *text, "\""));
  }
  return file;
}

// Scheme and host of what was to be a URL. The rest may be secret, however it is mistyped: a
// password, a token in the path.
std::string without_secrets(const std::string& url) {
  const std::size_t separator = url.find("://");
  const std::size_t begin = separator == std::string::npos ? 0 : separator + 3;
  const std::string scheme = url.substr(0, begin);
  std::string authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  const std::size_t user_end = authority.rfind('@');
  if (user_end != std::string::npos) return scheme + authority.substr(user_end + 1);
  // A slash within a password ends it too early.
  return scheme + (url.find('@') == std::string::npos ? authority : "…");
}

// https, or http to this machine.
void check_url(TableReader& table, const std::string& key, const std::string& text) {
  const auto url = http::parse_url(text);
  if (!url)
    table.fail(key, base::text("'", key, "' is not an http or https URL: \"", without_secrets(text),
                               "\""));
  if (url->origin.scheme != "https" && !url->origin.is_loopback()) {
    table.fail(
        key,
        base::text("'", key,
                   "' must be https: http:// is accepted for loopback addresses only, not for ",
                   url->origin.host));
  }
}

std::string read_url(TableReader& table, const std::string& key, const std::string& otherwise) {
  std::string url = table.text(key).value_or(otherwise);
  check_url(table, key, url);
  return http::without_slash(std::move(url));
}

StoreSettings read_store(TableReader table, const Place& place) {
  StoreSettings store;
  const std::string url = table.required_text("url");
  const auto index = table.text("index");
  const auto passphrase = read_file_key(table, place, "passphrase_file");
  store.parity = table.truth("parity").value_or(store.parity);
  store.minimum_age = table.duration("minimum_age").value_or(store.minimum_age);
  TableReader s3 = table.below("s3");
  for (const char* key : {"endpoint", "region"}) s3.text(key);
  for (const char* key : {"access_key_file", "secret_key_file"}) read_file_key(s3, place, key);
  s3.finish();
  table.finish();
  if (url.starts_with("s3://")) {
    table.fail("url",
               base::text("object storage is not available in this version: 'url' in [store] must "
                          "be a directory, and is \"",
                          url, "\""));
  }
  if (url.find("://") != std::string::npos) {
    table.fail("url", base::text("'url' in [store] must be a directory, and is \"", url, "\""));
  }
  if (!passphrase) table.fail("passphrase_file", "key 'passphrase_file' in [store] is missing");
  store.passphrase = *passphrase;
  store.directory = place.resolve(url);
  if (!store.directory.has_filename()) store.directory = store.directory.parent_path();
  store.index = store.directory;
  store.index += ".index";
  if (index) store.index = place.resolve(*index);
  if (is_at_or_below(store.index, store.directory)) {
    table.fail("index", "'index' in [store] must not lie inside the store");
  }
  return store;
}

AppSettings read_app(TableReader table, const Place& place) {
  AppSettings app;
  app.client_id = table.required_text("client_id");
  app.client_secret = read_file_key(table, place, "client_secret_file");
  app.certificate = read_file_key(table, place, "certificate_file");
  app.private_key = read_file_key(table, place, "private_key_file");
  table.finish();
  const bool any_certificate = app.certificate || app.private_key;
  if (app.client_secret && any_certificate) {
    table.fail("client_secret_file",
               base::text("[", table.name(),
                          "] has two kinds of credential; keep either "
                          "'client_secret_file' or 'certificate_file' with 'private_key_file'"));
  }
  if (any_certificate && !(app.certificate && app.private_key)) {
    table.fail("certificate_file", base::text("[", table.name(),
                                              "] needs both 'certificate_file' and "
                                              "'private_key_file'"));
  }
  if (!app.client_secret && !any_certificate) {
    table.fail("client_secret_file", base::text("[", table.name(),
                                                "] has no credential; add 'client_secret_file', or "
                                                "'certificate_file' with 'private_key_file'"));
  }
  return app;
}

graph::ApiForm read_api(TableReader& table) {
  const std::string api = table.text("api").value_or("items");
  if (api == "items") return graph::ApiForm::items;
  if (api == "folder-jobs") return graph::ApiForm::folder_jobs;
  const auto near = base::nearest(api, {"items", "folder-jobs"});
  table.fail("api",
             base::text("'api' must be \"items\" or \"folder-jobs\", and is \"", api, "\"",
                        near ? base::text("; did you mean \"", *near, "\"?") : std::string{}));
}

TenantConfiguration read_tenant(TableReader table, const Place& place, const std::string& key) {
  TenantConfiguration tenant;
  tenant.name = base::to_lower(key);
  tenant.tenant_id = table.required_text("tenant_id");
  tenant.api = read_api(table);
  tenant.login_url = read_url(table, "login_url", tenant.login_url);
  tenant.graph_url = read_url(table, "graph_url", tenant.graph_url);
  tenant.import_hosts = table.texts("import_hosts").value_or(tenant.import_hosts);
  for (const std::string& host : tenant.import_hosts) {
    if (http::parse_host_and_port(host)) continue;
    table.fail("import_hosts",
               base::text("'import_hosts' takes \"host\" or \"host:port\", not \"", host, "\""));
  }
  tenant.ca_file = read_file_key(table, place, "ca_file");
  TableReader backup_app = table.below("backup_app");
  TableReader restore_app = table.below("restore_app");
  table.finish();
  if (!backup_app.exists()) {
    table.fail("backup_app", base::text("table [", table.name(), ".backup_app] is missing"));
  }
  tenant.backup_app = read_app(std::move(backup_app), place);
  if (restore_app.exists()) tenant.restore_app = read_app(std::move(restore_app), place);
  return tenant;
}

// "type:shared" must name a type that there is; "group:" must name something.
void check_selectors(TableReader& table, const std::string& key,
                     const std::vector<std::string>& selectors) {
  static const std::vector<std::string> kTypes{"user", "linked",    "shared",
                                               "room", "equipment", "others"};
  for (const std::string& selector : selectors) {
    if (selector == "group:")
      table.fail(key, base::text("'", key, "' has \"group:\" without an id"));
    if (!selector.starts_with("type:")) continue;
    const std::string type = base::to_lower(selector.substr(5));
    if (std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end()) continue;
    const auto near = base::nearest(type, kTypes);
    table.fail(
        key, base::text("'", key, "' has an unknown mailbox type in \"", selector, "\"",
                        near ? base::text("; did you mean \"type:", *near, "\"?") : std::string{}));
  }
}

// Refused here rather than when the policy is first due, at night.
void check_timezone(TableReader& table, const std::string& timezone) {
  try {
    schedules::TimeZone{timezone};
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::usage) throw;
    table.fail("timezone", base::text("'timezone' in [", table.name(), "]: ", error.message()));
  }
}

RetentionSettings read_retention(TableReader table) {
  RetentionSettings retention;
  retention.keep_last = table.number("keep_last");
  retention.keep_hourly = table.number("keep_hourly");
  retention.keep_daily = table.number("keep_daily");
  retention.keep_weekly = table.number("keep_weekly");
  retention.keep_monthly = table.number("keep_monthly");
  retention.keep_yearly = table.number("keep_yearly");
  retention.keep_within = table.duration("keep_within");
  table.finish();
  return retention;
}

// The same for what only the scheduler reads.
void check_calendar(TableReader& table, const std::string& key,
                    const std::vector<std::string>& calendar, const std::string& timezone) {
  for (const std::string& text : calendar) {
    try {
      schedules::CalendarEvent{text, schedules::TimeZone{timezone}};
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::usage) throw;
      table.fail(key, base::text("'", key, "' in [", table.name(), "]: ", error.message()));
    }
  }
}

void check_windows(TableReader& table, const std::vector<std::string>& windows,
                   const std::string& timezone) {
  try {
    schedules::Windows{windows, schedules::TimeZone{timezone}};
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::usage) throw;
    table.fail("window", base::text("'window' in [", table.name(), "]: ", error.message()));
  }
}

PolicySettings read_policy(TableReader table, const std::string& key,
                           const std::vector<std::string>& tenants) {
  PolicySettings policy;
  policy.name = key;
  if (key.empty() || key.starts_with('-')) {
    table.fail("",
               base::text("[", table.name(), "]: a policy's name begins with a letter or digit"));
  }
  const auto tenant = table.text("tenant");
  policy.include = table.texts("include").value_or(policy.include);
  policy.exclude = table.texts("exclude").value_or(policy.exclude);
  policy.order = table.texts("order").value_or(policy.order);
  policy.schedule = table.text_or_texts("schedule").value_or(policy.schedule);
  policy.timezone = table.text("timezone").value_or(policy.timezone);
  policy.window = table.text_or_texts("window").value_or(policy.window);
  policy.jitter = table.duration("jitter").value_or(policy.jitter);
  TableReader retention = table.below("retention");
  table.finish();
  policy.retention = read_retention(std::move(retention));
  check_timezone(table, policy.timezone);
  check_calendar(table, "schedule", policy.schedule, policy.timezone);
  check_windows(table, policy.window, policy.timezone);
  check_selectors(table, "include", policy.include);
  check_selectors(table, "exclude", policy.exclude);
  check_selectors(table, "order", policy.order);
  if (!tenant && tenants.size() != 1) {
    table.fail("tenant", base::text("key 'tenant' in [", table.name(), "] is missing"));
  }
  policy.tenant = tenant ? base::to_lower(*tenant) : tenants.front();
  if (std::find(tenants.begin(), tenants.end(), policy.tenant) == tenants.end()) {
    const auto near = base::nearest(policy.tenant, tenants);
    table.fail("tenant",
               base::text("there is no [tenant.", policy.tenant, "]",
                          near ? base::text("; did you mean '", *near, "'?") : std::string{}));
  }
  return policy;
}

LimitSettings read_limits(TableReader table) {
  LimitSettings limits;
  limits.concurrent_mailboxes =
      table.number("concurrent_mailboxes", 1, 1024).value_or(limits.concurrent_mailboxes);
  // The service's own bound: more would only be answered with 429.
  limits.requests_per_mailbox =
      table.number("requests_per_mailbox", 1, 4).value_or(limits.requests_per_mailbox);
  limits.memory_bytes = table.size("memory").value_or(limits.memory_bytes);
  table.finish();
  constexpr std::uint64_t kLeastBytes = std::uint64_t{128} << 20;
  if (limits.memory_bytes < kLeastBytes) {
    table.fail("memory", "'memory' in [limits] must be at least \"128MiB\"");
  }
  return limits;
}

WebSettings read_web(TableReader table, const Place& place) {
  WebSettings web;
  web.listen = table.text("listen").value_or(web.listen);
  web.certificate = read_file_key(table, place, "certificate_file");
  web.private_key = read_file_key(table, place, "private_key_file");
  table.finish();
  const auto listen = http::parse_host_and_port(web.listen);
  if (!listen || !listen->port) {
    table.fail("listen", base::text("'listen' in [web] must be \"address:port\", and is \"",
                                    web.listen, "\""));
  }
  if (web.certificate.has_value() != web.private_key.has_value()) {
    table.fail("certificate_file", "[web] needs both 'certificate_file' and 'private_key_file'");
  }
  const http::Origin origin{"http", listen->host, *listen->port};
  if (!origin.is_loopback() && !web.certificate) {
    table.fail("listen", base::text("'listen' in [web] is not a loopback address; that requires "
                                    "'certificate_file' and 'private_key_file'"));
  }
  return web;
}

http::MailServer read_mail_server(TableReader& table, const std::string& url) {
  if (auto server = http::parse_mail_server(url)) return std::move(*server);
  table.fail("smtp", base::text("'smtp' in [alerts] must be an smtp or smtps URL, smtp://host:port "
                                "or smtp://user@host:port, and is \"",
                                without_secrets(url),
                                "\"; a password belongs into the file of 'smtp_password_file'"));
}

void check_address(TableReader& table, const std::string& key, const std::string& address) {
  if (http::is_mail_address(address)) return;
  table.fail(key, base::text("'", key, "' in [alerts] has no mail address in \"", address, "\""));
}

AlertSettings read_alerts(TableReader table, const Place& place) {
  AlertSettings alerts;
  alerts.webhook = table.texts("webhook").value_or(alerts.webhook);
  const auto smtp = table.text("smtp");
  alerts.smtp_password = read_file_key(table, place, "smtp_password_file");
  alerts.mail_from = table.text("mail_from");
  alerts.mail_to = table.texts("mail_to").value_or(alerts.mail_to);
  alerts.ca_file = read_file_key(table, place, "ca_file");
  table.finish();
  for (const std::string& url : alerts.webhook) check_url(table, "webhook", url);
  if (smtp) alerts.smtp = read_mail_server(table, *smtp);
  if (alerts.mail_from) check_address(table, "mail_from", *alerts.mail_from);
  for (const std::string& address : alerts.mail_to) check_address(table, "mail_to", address);
  if (alerts.smtp_password && (!alerts.smtp || alerts.smtp->user.empty())) {
    table.fail("smtp_password_file",
               "'smtp_password_file' in [alerts] needs a user in 'smtp': smtp://user@host");
  }
  if (!alerts.mail_to.empty() && !alerts.smtp)
    table.fail("mail_to", "'mail_to' in [alerts] needs 'smtp'");
  return alerts;
}

ServiceSettings read_service(TableReader table, const Place& place, const StoreSettings& store) {
  ServiceSettings service;
  const auto state = table.text("state");
  service.upkeep = table.text_or_texts("upkeep").value_or(service.upkeep);
  service.timezone = table.text("timezone").value_or(service.timezone);
  table.finish();
  check_timezone(table, service.timezone);
  check_calendar(table, "upkeep", service.upkeep, service.timezone);
  service.state = store.directory;
  service.state += ".state";
  if (state) service.state = place.resolve(*state);
  if (is_at_or_below(service.state, store.directory) ||
      is_at_or_below(service.state, store.index)) {
    table.fail("state", "'state' in [service] must not lie inside the store or its index");
  }
  return service;
}

// The named tables below [tenant] and [policy], in the order of the file.
std::vector<std::pair<std::string, TableReader>> named_tables(TableReader parent) {
  std::vector<std::pair<std::string, TableReader>> named;
  if (!parent.exists()) return named;
  for (const auto& [key, value] : parent.all()->entries) named.emplace_back(key, parent.below(key));
  return named;
}

}  // namespace

const TenantConfiguration* Configuration::find_tenant(std::string_view name) const {
  for (const TenantConfiguration& tenant : tenants) {
    if (base::equals_ignoring_case(tenant.name, name)) return &tenant;
  }
  return nullptr;
}

const TenantConfiguration& Configuration::tenant(std::string_view name) const {
  if (const TenantConfiguration* found = find_tenant(name)) return *found;
  std::vector<std::string> names;
  for (const TenantConfiguration& tenant : tenants) names.push_back(tenant.name);
  const auto near = base::nearest(name, names);
  throw base::Error{base::ErrorKind::usage,
                    base::text("there is no [tenant.", name, "] in ", path.string(),
                               near ? base::text("; did you mean '", *near, "'?") : std::string{})};
}

const PolicySettings& Configuration::policy(std::string_view name) const {
  std::vector<std::string> names;
  for (const PolicySettings& policy : policies) {
    if (policy.name == name) return policy;
    names.push_back(policy.name);
  }
  const auto near = base::nearest(name, names);
  throw base::Error{base::ErrorKind::usage,
                    base::text("there is no [policy.", name, "] in ", path.string(),
                               near ? base::text("; did you mean '", *near, "'?") : std::string{})};
}

std::filesystem::path configuration_path(const std::optional<std::filesystem::path>& named) {
  if (named) return *named;
  if (const char* variable = std::getenv("COFFER_CONFIG");
      variable != nullptr && *variable != '\0') {
    return variable;
  }
  return "/etc/coffer/coffer.toml";
}

Configuration load_configuration(const std::filesystem::path& path) {
  base::Bytes bytes;
  try {
    bytes = base::read_file(path, kLargestFileBytes);
  } catch (const base::Error& error) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("cannot read the configuration: ", error.message())};
  }
  return parse_configuration(base::as_text(bytes), path);
}

Configuration parse_configuration(std::string_view text, const std::filesystem::path& path) {
  const std::string file_name = path.string();
  const TomlTable document = parse_toml(text, file_name);
  const Place place{std::filesystem::absolute(path).parent_path()};
  TableReader top{&document, "", file_name, 0};
  TableReader store = top.below("store");
  TableReader tenants = top.below("tenant");
  TableReader policies = top.below("policy");
  TableReader limits = top.below("limits");
  TableReader web = top.below("web");
  TableReader alerts = top.below("alerts");
  TableReader service = top.below("service");
  top.finish();
  if (!store.exists()) top.fail("store", "table [store] is missing");

  Configuration configuration;
  configuration.path = path;
  configuration.store = read_store(std::move(store), place);
  std::vector<std::string> names;
  for (auto& [key, table] : named_tables(std::move(tenants))) {
    configuration.tenants.push_back(read_tenant(table, place, key));
    const std::string& name = configuration.tenants.back().name;
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      table.fail("",
                 base::text("[", table.name(), "] is there twice: names differ in more than case"));
    }
    names.push_back(name);
  }
  for (auto& [key, table] : named_tables(std::move(policies))) {
    if (names.empty())
      table.fail("", base::text("[", table.name(), "] needs a [tenant.…] to protect"));
    configuration.policies.push_back(read_policy(table, key, names));
  }
  configuration.limits = read_limits(std::move(limits));
  configuration.web = read_web(std::move(web), place);
  configuration.alerts = read_alerts(std::move(alerts), place);
  configuration.service = read_service(std::move(service), place, configuration.store);
  return configuration;
}

}  // namespace appliance

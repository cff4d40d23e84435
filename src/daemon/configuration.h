// The configuration file: every key checked and typed. Nothing here opens a store or calls a
// service.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/credential_file.h"
#include "src/graph/api_form.h"
#include "src/http/mail_transport.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace appliance {

struct StoreSettings {
  std::filesystem::path directory;
  std::filesystem::path index;
  CredentialFile passphrase;
  bool parity = true;
  base::Duration minimum_age{};
};

struct AppSettings {
  std::string client_id;
  // Either the secret, or the certificate and its key.
  std::optional<CredentialFile> client_secret;
  std::optional<CredentialFile> certificate;
  std::optional<CredentialFile> private_key;
};

struct TenantConfiguration {
  std::string name;  // of its table, lower case; the tenant's name in the store
  std::string tenant_id;
  graph::ApiForm api = graph::ApiForm::items;
  std::string login_url = "https://login.microsoftonline.com";
  std::string graph_url = "https://graph.microsoft.com/v1.0";
  std::vector<std::string> import_hosts{"outlook.office365.com"};
  std::optional<CredentialFile> ca_file;
  AppSettings backup_app;
  std::optional<AppSettings> restore_app;
};

struct RetentionSettings {
  std::optional<std::uint64_t> keep_last;
  std::optional<std::uint64_t> keep_hourly;
  std::optional<std::uint64_t> keep_daily;
  std::optional<std::uint64_t> keep_weekly;
  std::optional<std::uint64_t> keep_monthly;
  std::optional<std::uint64_t> keep_yearly;
  std::optional<base::Duration> keep_within;
};

struct PolicySettings {
  std::string name;
  std::string tenant;
  std::vector<std::string> include{"*"};
  std::vector<std::string> exclude;
  std::vector<std::string> order;
  std::vector<std::string> schedule;
  std::string timezone = "UTC";
  std::vector<std::string> window;
  base::Duration jitter{};
  RetentionSettings retention;
};

struct LimitSettings {
  std::uint64_t concurrent_mailboxes = 32;
  std::uint64_t requests_per_mailbox = 4;
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
};

struct WebSettings {
  std::string listen = "127.0.0.1:8440";
  std::optional<CredentialFile> certificate;
  std::optional<CredentialFile> private_key;
};

// Of `coffer serve`.
struct ServiceSettings {
  // Jobs, accounts, alerts, the control socket: what a daemon keeps, and could do without.
  std::filesystem::path state;
  std::vector<std::string> upkeep{"*-*-* 12:00:00"};  // prune, checks, a drill; in `timezone`
  std::string timezone = "UTC";
};

struct AlertSettings {
  std::vector<std::string> webhook;  // URLs, which are secrets
  std::optional<http::MailServer> smtp;
  std::optional<CredentialFile> smtp_password;
  std::optional<std::string> mail_from;
  std::vector<std::string> mail_to;
  std::optional<CredentialFile> ca_file;  // trusted besides the system's authorities
};

struct Configuration {
  std::filesystem::path path;
  StoreSettings store;
  std::vector<TenantConfiguration> tenants;
  // In the order of the file: the first that selects a mailbox has it.
  std::vector<PolicySettings> policies;
  LimitSettings limits;
  WebSettings web;
  AlertSettings alerts;
  ServiceSettings service;

  // Null if there is none of that name, in whatever case.
  [[nodiscard]] const TenantConfiguration* find_tenant(std::string_view name) const;
  // Error(usage) naming the nearest one.
  [[nodiscard]] const TenantConfiguration& tenant(std::string_view name) const;
  [[nodiscard]] const PolicySettings& policy(std::string_view name) const;
};

// `named`: the path given by --config; else $COFFER_CONFIG, else /etc/coffer/coffer.toml.
std::filesystem::path configuration_path(const std::optional<std::filesystem::path>& named);

// Error(usage) with file and line, and the nearest known key for an unknown one.
Configuration load_configuration(const std::filesystem::path& path);

// The same for a text. Relative paths in it are relative to the folder of `path`.
Configuration parse_configuration(std::string_view text, const std::filesystem::path& path);

}  // namespace appliance

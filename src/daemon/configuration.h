// The configuration file: every key checked and typed. Nothing here opens a store or calls a
// service.
#pragma once

#include "src/base/clock.h"
#include "src/base/secret.h"
#include "src/graph/api_form.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace appliance {

// A file that a key names: a secret, a certificate. It is read when it is needed, not before.
struct CredentialFile {
  std::filesystem::path path;
  std::string credential;  // the name of a systemd credential, instead of a path
  std::string origin;      // "/etc/coffer/coffer.toml:4: passphrase_file"

  // Where it lies. Error(usage) for a credential when the service manager passed none.
  [[nodiscard]] std::filesystem::path location() const;
  // Error(usage) with the origin, if it is unreadable, open to others, or empty.
  [[nodiscard]] base::Secret read_secret() const;
  // For what anybody may see. Error(usage) with the origin, if it is unreadable or empty.
  [[nodiscard]] std::string read_public() const;
};

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

struct AlertSettings {
  std::vector<std::string> webhook;
  std::optional<std::string> smtp;
  std::vector<std::string> mail_to;
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
  // What is there and has no effect in this version: "'schedule' in [policy.nightly]", "[web]".
  std::vector<std::string> not_obeyed;

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

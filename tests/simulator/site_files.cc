#include "tests/simulator/site_files.h"

#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/simulator/json.h"
#include "tests/simulator/tenant_plan.h"

namespace simulator {
namespace {

// "127.0.0.1:1234" of "http://127.0.0.1:1234/..."
std::string authority_of(std::string_view url) {
  const std::size_t start = url.find("://") + 3;
  return std::string{url.substr(start, url.find('/', start) - start)};
}

std::string toml(const std::filesystem::path& directory, const Site& site) {
  const auto path = [&](const char* name) { return (directory / name).string(); };
  std::string text = base::text(
      "# The simulated tenant. The applications can sign in with their secrets, too:\n"
      "# client_secret_file = \"",
      path("backup-secret"),
      "\"\n"
      "[tenant.contoso]\n"
      "tenant_id = \"",
      site.tenant_id,
      "\"\n"
      "api = \"",
      site.api,
      "\"\n"
      "login_url = \"",
      site.login_url,
      "\"\n"
      "graph_url = \"",
      site.graph_url,
      "\"\n"
      "import_hosts = [\"",
      authority_of(site.import_url), "\"]\n");
  if (site.authority_pem) text += base::text("ca_file = \"", path("ca.pem"), "\"\n");
  text += base::text("[tenant.contoso.backup_app]\nclient_id = \"", kBackupClientId,
                     "\"\ncertificate_file = \"", path("backup-certificate.pem"),
                     "\"\nprivate_key_file = \"", path("backup-key.pem"), "\"\n");
  text += base::text("[tenant.contoso.restore_app]\nclient_id = \"", kRestoreClientId,
                     "\"\ncertificate_file = \"", path("restore-certificate.pem"),
                     "\"\nprivate_key_file = \"", path("restore-key.pem"), "\"\n");
  return text;
}

}  // namespace

void write_site(const std::filesystem::path& directory, const Site& site) {
  std::filesystem::create_directories(directory);
  const std::filesystem::path absolute = std::filesystem::absolute(directory);
  const auto write = [&](const char* name, std::string_view content) {
    base::replace_file(absolute / name, base::as_bytes(content));
  };
  if (site.authority_pem) write("ca.pem", *site.authority_pem);
  write("backup-certificate.pem", site.backup_certificate.certificate_pem);
  write("backup-key.pem", site.backup_certificate.key_pem);
  write("restore-certificate.pem", site.restore_certificate.certificate_pem);
  write("restore-key.pem", site.restore_certificate.key_pem);
  write("backup-secret", site.backup_secret);
  write("restore-secret", site.restore_secret);
  write("coffer.toml", toml(absolute, site));
  const Json endpoints = {
      {"login_url", site.login_url},
      {"graph_url", site.graph_url},
      {"import_url", site.import_url},
      {"import_host", authority_of(site.import_url)},
      {"admin_url", site.admin_url},
      {"tenant_id", site.tenant_id},
      {"domain", site.domain},
      {"ca_file", site.authority_pem ? Json((absolute / "ca.pem").string()) : Json{}},
      {"backup_client_id", kBackupClientId},
      {"restore_client_id", kRestoreClientId}};
  // Last, so that its presence says that the others are there.
  write("endpoints.json", endpoints.dump(2) + "\n");
}

}  // namespace simulator

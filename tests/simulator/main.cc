// coffer-simulator: the simulated tenant as a program.
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "tests/simulator/server.h"
#include "tests/simulator/site_files.h"

#include <CLI/CLI.hpp>

#include <csignal>
#include <iostream>

namespace {

struct Options {
  simulator::TenantPlan plan;
  simulator::ServerPorts ports;
  std::uint16_t first_port = 0;
  bool tls = false;
  std::string directory;
  std::string faults;
  std::string login_url;
  std::string graph_url;
  std::string import_url;
  std::int64_t token_lifetime = 3599;
  std::int64_t session_lifetime = 3600;
  std::int64_t delta_lifetime = 30 * 86'400;
  std::int64_t latency = 0;
  bool flat_folders = false;
  std::string api = "items";
};

void declare(CLI::App& app, Options& options) {
  const CLI::AsSizeValue size{true};
  app.add_option("--port", options.first_port,
                 "login port; Graph, import and administration take the three after it (0: any)");
  app.add_flag("--tls", options.tls, "serve https, with an authority made for this run");
  app.add_option("--directory", options.directory,
                 "write endpoints.json, coffer.toml, certificates and secrets there");
  app.add_option("--seed", options.plan.seed, "everything grows from it");
  app.add_option("--mailboxes", options.plan.mailboxes, "at least 3")
      ->check(CLI::Range(std::uint64_t{3}, std::uint64_t{100'000}));
  app.add_option("--items", options.plan.items, "in all mailboxes together");
  app.add_option("--bytes", options.plan.bytes, "of all items together: 250MB, 2GiB")
      ->transform(size);
  app.add_option("--large-items", options.plan.large_items, "more items, in the first mailbox");
  app.add_option("--large-size", options.plan.large_bytes, "of each large item")->transform(size);
  app.add_option("--api", options.api, "the form that the applications have rights for")
      ->check(CLI::IsMember({"items", "folder-jobs"}));
  app.add_option("--faults", options.faults, "seed=7,all=0.01,reset=0.05,poison=0.001");
  app.add_option("--token-lifetime", options.token_lifetime, "seconds");
  app.add_option("--session-lifetime", options.session_lifetime, "seconds, of import sessions");
  app.add_option("--delta-lifetime", options.delta_lifetime, "seconds, of delta tokens");
  app.add_option("--in-flight-limit", options.plan.limits.in_flight, "requests at once a mailbox");
  app.add_option("--request-limit", options.plan.limits.requests,
                 "requests a mailbox in 10 minutes");
  app.add_option("--upload-limit", options.plan.limits.upload_bytes,
                 "bytes uploaded to a mailbox in 5 minutes")
      ->transform(size);
  app.add_option("--latency", options.latency,
                 "milliseconds from a request to the first byte of its answer");
  app.add_flag("--flat-folders", options.flat_folders,
               "the top-level folder list gives all folders, as one client saw");
  app.add_option("--login-url", options.login_url, "as clients see it, behind a proxy");
  app.add_option("--graph-url", options.graph_url, "the same, without /v1.0");
  app.add_option("--import-url", options.import_url, "the same");
}

simulator::ServerPorts ports_from(std::uint16_t first) {
  if (first == 0) return {};
  const auto port = [&](int offset) { return static_cast<std::uint16_t>(first + offset); };
  return {port(0), port(1), port(2), port(3)};
}

// On a busy machine, from a request's passing its client's gate to its coming here.
constexpr simulator::Duration kUnderWay = std::chrono::milliseconds{250};

std::string random_secret() {
  base::Bytes bytes(24);
  base::fill_random(bytes);
  return base::to_hex(bytes);
}

simulator::Site prepare_site(const Options& options, const simulator::Server& server,
                             simulator::Tenant& tenant,
                             const std::optional<simulator::KeyAndCertificate>& authority) {
  const simulator::ServerPorts ports = server.ports();
  const auto url = [&](const std::string& announced, std::uint16_t port) {
    if (!announced.empty()) return announced;
    return base::text(options.tls ? "https://localhost:" : "http://127.0.0.1:", port);
  };
  simulator::Site site;
  site.api = options.api;
  auto world = tenant.world();
  world->origins = {url(options.login_url, ports.login), url(options.graph_url, ports.graph),
                    url(options.import_url, ports.import)};
  site.login_url = world->origins.login;
  site.graph_url = world->origins.graph + "/v1.0";
  site.import_url = world->origins.import;
  site.admin_url = base::text("http://127.0.0.1:", ports.admin, "/_admin");
  site.tenant_id = world->tenant_id;
  site.domain = world->domain;
  if (authority) site.authority_pem = authority->certificate_pem;
  site.backup_secret = options.plan.backup_secret;
  site.restore_secret = options.plan.restore_secret;
  site.backup_certificate = simulator::make_client_certificate("coffer-backup");
  site.restore_certificate = simulator::make_client_certificate("coffer-restore");
  const auto enrol = [&](const char* client_id, const simulator::KeyAndCertificate& pair) {
    world->applications.at(client_id).certificates.push_back(
        simulator::registered_certificate(pair.certificate_pem));
  };
  enrol(simulator::kBackupClientId, site.backup_certificate);
  enrol(simulator::kRestoreClientId, site.restore_certificate);
  return site;
}

// Blocks until somebody asks the program to end.
void wait_for_end(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
}

int run(Options options) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  // Before any thread exists: all of them inherit it.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  options.plan.lifetimes = {std::chrono::seconds{options.token_lifetime},
                            std::chrono::seconds{options.session_lifetime},
                            std::chrono::seconds{options.delta_lifetime}};
  options.plan.folder_jobs = options.api == "folder-jobs";
  options.plan.backup_secret = random_secret();
  options.plan.restore_secret = random_secret();
  simulator::Tenant tenant{options.plan, base::SystemClock{}.now()};
  tenant.world()->faults.configure(options.faults);
  tenant.world()->list_all_folders_at_top = options.flat_folders;
  tenant.world()->under_way = kUnderWay;
  tenant.world()->latency = std::chrono::milliseconds{options.latency};
  simulator::Admin admin{tenant};
  std::optional<simulator::KeyAndCertificate> authority;
  std::optional<simulator::KeyAndCertificate> certificate;
  if (options.tls) {
    authority = simulator::make_authority();
    certificate = simulator::make_server_certificate(*authority);
  }
  simulator::Server server{tenant, admin, ports_from(options.first_port), certificate};
  const simulator::Site site = prepare_site(options, server, tenant, authority);
  server.start();
  if (!options.directory.empty()) simulator::write_site(options.directory, site);
  std::cout << base::text("coffer-simulator ready: login ", site.login_url, " graph ",
                          site.graph_url, " import ", site.import_url, " admin ", site.admin_url)
            << std::endl;
  wait_for_end(signals);
  return 0;
}

}  // namespace

int main(int argument_count, char* arguments[]) {
  CLI::App app{"A simulated Exchange Online tenant, for tests and demonstrations."};
  Options options;
  declare(app, options);
  CLI11_PARSE(app, argument_count, arguments);
  try {
    return run(std::move(options));
  } catch (...) {
    std::cerr << "coffer-simulator: " << base::current_error().what() << "\n";
    return 1;
  }
}

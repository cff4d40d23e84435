// What `doctor` sees of a tenant that is ready, and of one that is not.
#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/daemon/tenant_readiness.h"
#include "tests/e2e/appliance.h"
#include "tests/support/catch.h"
#include "tests/support/virtual_clock.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

using appliance::Check;
using test::Json;
using Status = Check::Status;

const std::vector<std::string> kBackupRoles{"User.Read.All",        "GroupMember.Read.All",
                                            "MailboxSettings.Read", "MailboxFolder.Read.All",
                                            "MailboxItem.Read.All", "MailboxItem.Export.All"};

struct Setting {
  test::TemporaryDirectory directory;
  test::SimulatorProcess simulator{
      directory / "site", {"--mailboxes", "4", "--items", "40", "--bytes", "400KB", "--seed", "3"}};
  test::Appliance coffer{directory / "appliance", directory / "site"};
  test::VirtualClock clock{base::SystemClock{}.now()};

  // The checks of the tenant, by name without the tenant's.
  std::map<std::string, Check> checks() {
    const auto configuration =
        appliance::load_configuration(directory / "appliance" / "coffer.toml");
    std::map<std::string, Check> checks;
    REQUIRE(configuration.tenants.size() == 1);
    appliance::check_tenant(
        configuration.tenants.front(), configuration.limits, std::nullopt, clock,
        [&](const Check& check) {
          const std::string name = check.name.substr(0, check.name.rfind(" (contoso)"));
          CHECK(checks.emplace(name, check).second);
        },
        {});
    return checks;
  }

  void set_roles(const std::string& app, const std::vector<std::string>& roles) {
    simulator.operate({{"operation", "set_roles"}, {"app", app}, {"roles", roles}});
  }
};

std::vector<std::string> without(std::vector<std::string> all, const std::string& one) {
  std::erase(all, one);
  return all;
}

std::string replaced_lines(const std::string& text, const std::string& with,
                           const std::string& by) {
  std::string result;
  for (const std::string& line : base::split(text, '\n')) {
    if (line.starts_with(with)) {
      result += by;
    } else {
      result += line + "\n";
    }
  }
  return result;
}

}  // namespace

TEST_CASE("doctor tells of everything that belongs to readiness", "[e2e][doctor]") {
  Setting at;
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const test::Told told = at.coffer.tell({"doctor"});
  CHECK(told.exit_status == 0);
  std::map<std::string, Json> checks;
  std::map<std::string, std::uint64_t> statuses;
  for (const Json& check : told.of_type("check")) {
    checks[check.at("name").get<std::string>()] = check;
    ++statuses[check.at("status").get<std::string>()];
  }
  for (const std::string name :
       {"configuration",
        "secret: store passphrase",
        "space for the store",
        "space for the index",
        "store",
        "index",
        "recovery key",
        "audit log",
        "sign-in of the backup app (contoso)",
        "sign-in of the restore app (contoso)",
        "clock (contoso)",
        "certificate of the backup app (contoso)",
        "certificate of the restore app (contoso)",
        "directory (contoso)",
        "accounts without a mailbox (contoso)",
        "group mailboxes (contoso)",
        "in-place archives and public folders (contoso)",
        "throttling (contoso)",
        "rights beyond need of the backup app (contoso)",
        "rights beyond need of the restore app (contoso)",
        "right MailboxFolder.ReadWrite.All of the restore app (contoso)",
        "right MailboxItem.ImportExport.All of the restore app (contoso)"}) {
    CAPTURE(name);
    CHECK(checks.contains(name));
  }
  for (const std::string& right : kBackupRoles) {
    CHECK(checks.at("right " + right + " of the backup app (contoso)").at("status") == "ok");
  }
  for (const std::string kind : {"primary", "shared"}) {
    const auto begin = "export from " + kind + " mailbox ";
    const auto found = checks.lower_bound(begin);
    REQUIRE(found != checks.end());
    CHECK(found->first.starts_with(begin));
    CHECK(found->second.at("status") == "ok");
  }
  for (const char* status : {"unknown", "failed"}) {
    CHECK(told.summary().at(status) == statuses[status]);
  }
  CHECK(told.summary().at("ok") == statuses["ok"]);
  CHECK(told.summary().at("warnings") == statuses["warning"]);
  CHECK_THAT(checks.at("configuration").at("seen").get<std::string>(),
             test::contains_text(": 1 tenant, 1 policy"));
}

TEST_CASE("doctor counts what the API does not reach, and says what nobody can tell",
          "[e2e][doctor]") {
  Setting at;
  const auto checks = at.checks();
  // As the simulated tenant is built: one group of two has a mailbox.
  CHECK(checks.at("group mailboxes").status == Status::warning);
  CHECK_THAT(checks.at("group mailboxes").seen, test::contains_text("1 group has a mailbox"));
  CHECK(checks.at("in-place archives and public folders").status == Status::unknown);
  const std::string seen = checks.at("accounts without a mailbox").seen;
  for (const char* code : {"MailboxNotEnabledForRESTAPI", "ErrorInvalidUser", "NoPrimaryMailbox"}) {
    CHECK_THAT(seen, test::contains_text(code));
  }
  CHECK(seen.find("; `coffer mailboxes`") == std::string::npos);  // all were asked
}

TEST_CASE("doctor names rights that an app has and does not need", "[e2e][doctor]") {
  Setting at;
  for (const char* app : {"backup", "restore"}) {
    const Check check = at.checks().at(base::text("rights beyond need of the ", app, " app"));
    CHECK(check.status == Status::ok);
    CHECK_THAT(check.seen, test::contains_text("refused, as it should be"));
  }
  for (const std::string right : {"MailboxFolder.ReadWrite.All", "MailboxItem.ImportExport.All"}) {
    CAPTURE(right);
    std::vector<std::string> roles = kBackupRoles;
    roles.push_back(right);
    at.set_roles("backup", roles);
    const Check check = at.checks().at("rights beyond need of the backup app");
    CHECK(check.status == Status::warning);
    CHECK(check.seen == "it has " + right);
    CHECK_FALSE(check.remedy.empty());
  }
  at.set_roles("restore",
               {"MailboxFolder.ReadWrite.All", "MailboxItem.ImportExport.All", "User.Read.All"});
  CHECK(at.checks().at("rights beyond need of the restore app").seen == "it has User.Read.All");
}

TEST_CASE("doctor names each right even where no mailbox can be found to try it on",
          "[e2e][doctor]") {
  Setting at;
  at.set_roles("backup", without(kBackupRoles, "User.Read.All"));
  const auto checks = at.checks();
  CHECK(checks.at("directory").status == Status::failed);
  CHECK(checks.at("directory").denied);
  for (const std::string& right : kBackupRoles) {
    CAPTURE(right);
    // The simulated service's tokens are opaque.
    const Check& check = checks.at("right " + right + " of the backup app");
    CHECK(check.status == Status::unknown);
    CHECK_FALSE(check.remedy.empty());
  }
  CHECK(checks.at("right MailboxItem.ImportExport.All of the restore app").status ==
        Status::unknown);
}

TEST_CASE("doctor tells how the service throttled it, and kept the waits", "[e2e][doctor]") {
  Setting at;
  CHECK_THAT(at.checks().at("throttling").seen, test::contains_text("none of "));

  at.simulator.post("reset-statistics", Json::object());
  at.simulator.post("faults", {{"order",
                                {{{"fault", "throttled"}, {"operation", "list_folders"}},
                                 {{"fault", "throttled_http_date"}, {"operation", "list_items"}},
                                 {{"fault", "throttled_bare"}, {"operation", "list_users"}}}}});
  // As programs: the simulated service looks at real time.
  REQUIRE(at.coffer.tell({"init"}).exit_status == 0);
  const test::Told told = at.coffer.tell({"doctor"});
  CHECK(told.exit_status == 0);
  std::string seen;
  for (const Json& check : told.of_type("check")) {
    if (check.at("name") == "throttling (contoso)") seen = check.at("seen");
  }
  CHECK(seen.starts_with("3 of "));
  CHECK_THAT(seen, test::contains_text("2 said when (Retry-After)"));
  CHECK_THAT(seen, test::contains_text("1 did not; every wait was kept"));
  CHECK(at.simulator.get("statistics").at("early_retries") == 0);
}

TEST_CASE("doctor tells when credentials end, as far as they tell it themselves", "[e2e][doctor]") {
  Setting at;
  CHECK(at.checks().at("certificate of the backup app").status == Status::ok);

  const std::string key = (at.directory / "short-key.pem").string();
  const std::string certificate = (at.directory / "short.pem").string();
  REQUIRE(test::run({{"/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                      "10", "-subj", "/CN=coffer backup", "-keyout", key, "-out", certificate},
                     {}})
              .exit_status == 0);
  const std::string pem{base::as_text(base::read_file(certificate))};
  at.simulator.operate({{"operation", "add_certificate"}, {"app", "backup"}, {"pem", pem}});
  const std::string whole = at.coffer.configuration();
  const std::size_t restore_app = whole.find("[tenant.contoso.restore_app]");
  REQUIRE(restore_app != std::string::npos);
  const auto with_backup_app = [&](const std::string& files) {
    const std::string begin =
        replaced_lines(replaced_lines(whole.substr(0, restore_app), "certificate_file", ""),
                       "private_key_file", files);
    at.coffer.configure(begin + whole.substr(restore_app));
  };
  with_backup_app(
      base::text("certificate_file = \"", certificate, "\"\nprivate_key_file = \"", key, "\"\n"));
  const Check soon = at.checks().at("certificate of the backup app");
  CHECK(soon.status == Status::warning);
  CHECK_THAT(soon.seen, test::contains_text("valid until "));

  at.clock.advance(std::chrono::hours{24 * 11});
  CHECK(at.checks().at("certificate of the backup app").status == Status::failed);
  at.clock.set(base::SystemClock{}.now());

  with_backup_app(base::text("client_secret_file = \"",
                             (at.directory / "site" / "backup-secret").string(), "\"\n"));
  const auto checks = at.checks();
  CHECK(checks.at("sign-in of the backup app").status == Status::ok);
  CHECK_FALSE(checks.contains("certificate of the backup app"));
  CHECK(checks.at("end of the client secret of the backup app").status == Status::unknown);
}

TEST_CASE("doctor compares the clocks", "[e2e][doctor]") {
  Setting at;
  CHECK(at.checks().at("clock").status == Status::ok);
  at.clock.set(base::SystemClock{}.now() - std::chrono::minutes{2});
  const Check check = at.checks().at("clock");
  CHECK(check.status == Status::warning);
  CHECK_THAT(check.seen, test::contains_text("ahead of this machine's"));
  at.clock.set(base::SystemClock{}.now() - std::chrono::minutes{12});
  CHECK(at.checks().at("clock").status == Status::failed);
}

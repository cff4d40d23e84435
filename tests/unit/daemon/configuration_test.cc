#include "src/daemon/configuration.h"

#include "src/base/error.h"
#include "src/daemon/appliance.h"
#include "src/daemon/table_reader.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace {

constexpr const char* kStore = "[store]\nurl = \"/srv/store\"\npassphrase_file = \"/srv/pass\"\n";
constexpr const char* kTenant =
    "[tenant.contoso]\n"
    "tenant_id = \"contoso.example\"\n"
    "[tenant.contoso.backup_app]\n"
    "client_id = \"b\"\n"
    "client_secret_file = \"/srv/secret\"\n";

appliance::Configuration parse(const std::string& text) {
  return appliance::parse_configuration(text, "/etc/coffer/coffer.toml");
}

// What is thrown, whole; empty if nothing is.
std::string complaint(const std::string& text) {
  try {
    parse(text);
    return {};
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return error.message();
  }
}

void write(const std::filesystem::path& path, const std::string& text,
           std::filesystem::perms mode) {
  std::ofstream{path} << text;
  std::filesystem::permissions(path, mode);
}

constexpr auto kPrivate = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;

}  // namespace

TEST_CASE("every key of a full configuration arrives typed", "[daemon][configuration]") {
  const auto configuration = parse(R"(
[store]
url = "/var/lib/coffer/store"
index = "/var/lib/coffer/index"
passphrase_file = "credential:store-passphrase"
parity = false
minimum_age = "14d"

[tenant.Contoso]
tenant_id = "contoso.example"
api = "folder-jobs"
login_url = "https://login.example/"
graph_url = "http://127.0.0.1:8080/v1.0"
import_hosts = ["outlook.example", "[::1]:8443"]
ca_file = "ca.pem"
[tenant.Contoso.backup_app]
client_id = "b"
client_secret_file = "secret"
[tenant.Contoso.restore_app]
client_id = "r"
certificate_file = "r.pem"
private_key_file = "/keys/r.key"

[policy.nightly]
tenant = "contoso"
include = ["*", "group:42", "type:shared"]
exclude = ["svc-*@contoso.com"]
schedule = "*-*-* 02:00:00"
timezone = "Europe/Berlin"
window = ["22:00-06:00"]
jitter = "15m"
order = ["type:shared", "*"]
[policy.nightly.retention]
keep_last = 7
keep_daily = 30
keep_weekly = 12
keep_monthly = 12
keep_yearly = 7
keep_within = "14d"
[policy.hourly]
schedule = ["*-*-* *:00:00", "*-*-* *:30:00"]

[limits]
concurrent_mailboxes = 8
requests_per_mailbox = 2
memory = "512MiB"

[web]
listen = "0.0.0.0:8440"
certificate_file = "web.pem"
private_key_file = "web.key"

[alerts]
webhook = ["https://hooks.example/a"]
smtp = "smtps://user@mail.example:465"
smtp_password_file = "credential:smtp-password"
mail_from = "coffer@contoso.com"
mail_to = ["admins@contoso.com"]
ca_file = "relay.pem"
)");

  CHECK(configuration.store.directory == "/var/lib/coffer/store");
  CHECK(configuration.store.index == "/var/lib/coffer/index");
  CHECK(configuration.store.passphrase.credential == "store-passphrase");
  CHECK_FALSE(configuration.store.parity);
  CHECK(configuration.store.minimum_age == std::chrono::hours{24 * 14});

  const appliance::TenantConfiguration& tenant = configuration.tenant("CONTOSO");
  CHECK(tenant.name == "contoso");
  CHECK(tenant.api == graph::ApiForm::folder_jobs);
  CHECK(tenant.login_url == "https://login.example");
  CHECK(tenant.import_hosts == std::vector<std::string>{"outlook.example", "[::1]:8443"});
  CHECK(tenant.ca_file->path == "/etc/coffer/ca.pem");
  CHECK(tenant.backup_app.client_secret->path == "/etc/coffer/secret");
  REQUIRE(tenant.restore_app);
  CHECK(tenant.restore_app->private_key->path == "/keys/r.key");

  REQUIRE(configuration.policies.size() == 2);
  const appliance::PolicySettings& policy = configuration.policy("nightly");
  CHECK(policy.tenant == "contoso");
  CHECK(policy.exclude == std::vector<std::string>{"svc-*@contoso.com"});
  CHECK(policy.order == std::vector<std::string>{"type:shared", "*"});
  CHECK(policy.schedule == std::vector<std::string>{"*-*-* 02:00:00"});
  CHECK(policy.jitter == std::chrono::minutes{15});
  CHECK(policy.retention.keep_daily == 30);
  CHECK(policy.retention.keep_within == std::chrono::hours{24 * 14});
  CHECK(configuration.policy("hourly").schedule.size() == 2);
  CHECK(configuration.policy("hourly").tenant == "contoso");
  CHECK(configuration.limits.memory_bytes == std::uint64_t{512} << 20);
  CHECK(configuration.limits.requests_per_mailbox == 2);
  CHECK(configuration.web.listen == "0.0.0.0:8440");
  CHECK(configuration.alerts.webhook == std::vector<std::string>{"https://hooks.example/a"});
  REQUIRE(configuration.alerts.smtp);
  CHECK(configuration.alerts.smtp->text() == "smtps://mail.example:465");
  CHECK(configuration.alerts.smtp->user == "user");
  CHECK(configuration.alerts.smtp_password->credential == "smtp-password");
  CHECK(configuration.alerts.mail_from == "coffer@contoso.com");
  CHECK(configuration.alerts.mail_to.size() == 1);
  CHECK(configuration.alerts.ca_file->path == "/etc/coffer/relay.pem");
}

TEST_CASE("what is left out has its default", "[daemon][configuration]") {
  const auto configuration = parse(std::string{kStore} + kTenant);

  CHECK(configuration.store.index == "/srv/store.index");
  CHECK(configuration.store.parity);
  const auto& tenant = configuration.tenants.at(0);
  CHECK(tenant.api == graph::ApiForm::items);
  CHECK(tenant.graph_url == "https://graph.microsoft.com/v1.0");
  CHECK(tenant.import_hosts == std::vector<std::string>{"outlook.office365.com"});
  CHECK_FALSE(tenant.restore_app);
  CHECK(configuration.limits.concurrent_mailboxes == 32);

  const auto policies = appliance::policies_of(configuration, tenant);
  REQUIRE(policies.size() == 1);
  CHECK(policies[0].name == "default");
  CHECK(policies[0].selection.include == std::vector<std::string>{"*"});
}

TEST_CASE("a mistake is told with its place and the nearest name", "[daemon][configuration]") {
  struct Row {
    std::string text;
    std::string told;
  };
  const std::string store = kStore;
  const std::string both = store + kTenant;
  const std::string web = store + "[web]\n";
  const std::vector<Row> table{
      {"[store]\nurl = \"/s\"\nurl = \"/t\"\n", "coffer.toml:3: "},
      {"[store\n", "coffer.toml:1: "},
      {"", "table [store] is missing"},
      {"[stroe]\nurl = \"/s\"\n", ":1: unknown key 'stroe'; did you mean 'store'?"},
      {"[store]\nurl = \"/s\"\n", ":1: key 'passphrase_file' in [store] is missing"},
      {"[store]\npasphrase_file = \"/p\"\nurl = \"/s\"\n",
       ":2: unknown key 'pasphrase_file' in [store]; did you mean 'passphrase_file'?"},
      {"[store]\nurl = 7\npassphrase_file = \"/p\"\n",
       ":2: 'url' in [store] must be a string, and is a number"},
      {"[store]\nurl = \" \"\npassphrase_file = \"/p\"\n", ":2: 'url' in [store] is empty"},
      {store + "minimum_age = \"2 weeks\"\n", ":4: 'minimum_age' in [store] must be a duration"},
      {store + "minimum_age = 14\n", ":4: 'minimum_age' in [store] must be a duration"},
      {store + "parity = \"yes\"\n",
       ":4: 'parity' in [store] must be true or false, and is a string"},
      {store + "index = \"/srv/store/index\"\n",
       ":4: 'index' in [store] must not lie inside the store"},
      {"[store]\nurl = \"s3://bucket/prefix\"\npassphrase_file = \"/p\"\n",
       ":2: object storage is not available in this version"},
      {"[store]\nurl = \"ftp://host/\"\npassphrase_file = \"/p\"\n",
       ":2: 'url' in [store] must be a directory"},
      {"[store]\nurl = \"/s\"\npassphrase_file = \"credential:../x\"\n",
       ":3: 'passphrase_file' names no credential"},
      {store + "[store.s3]\nendpiont = \"x\"\n",
       ":5: unknown key 'endpiont' in [store.s3]; did you mean 'endpoint'?"},
      {store + "[limits]\nmemory = \"1GB\"\n",
       ":5: 'memory' in [limits] must be a size in KiB, MiB or GiB"},
      {store + "[limits]\nmemory = \"1MiB\"\n", ":5: 'memory' in [limits] must be at least"},
      {store + "[limits]\nmemory = \"99999999999GiB\"\n",
       ":5: 'memory' in [limits] must be a size"},
      {store + "[limits]\nrequests_per_mailbox = 5\n",
       ":5: 'requests_per_mailbox' in [limits] is 5, and must be at most 4"},
      {store + "[limits]\nconcurrent_mailboxes = 0\n", "must be at least 1"},
      {store + "[tenant.contoso]\ntenantid = \"x\"\n",
       ":5: unknown key 'tenantid' in [tenant.contoso]; did you mean 'tenant_id'?"},
      {store + "[tenant.contoso]\ntenant_id = \"x\"\n",
       "table [tenant.contoso.backup_app] is missing"},
      {store + "tenant = \"contoso\"\n", ":4: unknown key 'tenant' in [store]"},
      {"tenant = 3\n" + store, ":1: 'tenant' must be a table"},
      {both + "certificate_file = \"c\"\nprivate_key_file = \"k\"\n",
       "[tenant.contoso.backup_app] has two kinds of credential"},
      {store + "[tenant.a]\ntenant_id = \"x\"\n[tenant.a.backup_app]\nclient_id = \"b\"\n",
       "has no credential"},
      {store + "[tenant.a]\ntenant_id = \"x\"\n[tenant.a.backup_app]\nclient_id = "
               "\"b\"\ncertificate_file = \"c\"\n",
       "needs both 'certificate_file' and 'private_key_file'"},
      {store + "[tenant.a]\ntenant_id = \"x\"\napi = \"item\"\n",
       ":6: 'api' must be \"items\" or \"folder-jobs\", and is \"item\"; did you mean \"items\"?"},
      {store + "[tenant.a]\ntenant_id = \"x\"\ngraph_url = \"http://graph.example/v1.0\"\n",
       ":6: 'graph_url' must be https: http:// is accepted for loopback addresses only"},
      {store + "[tenant.a]\ntenant_id = \"x\"\nlogin_url = \"login.example\"\n",
       ":6: 'login_url' is not an http or https URL"},
      {store + "[tenant.a]\ntenant_id = \"x\"\nimport_hosts = [\"https://x/\"]\n",
       ":6: 'import_hosts' takes"},
      {store + "[tenant.a]\ntenant_id = \"x\"\nimport_hosts = \"x\"\n",
       "must be a list of strings, and is a string"},
      {both + "[policy.p]\ntenant = \"contso\"\n",
       ":10: there is no [tenant.contso]; did you mean 'contoso'?"},
      {both + "[policy.p]\ninclude = [\"type:sharde\"]\n", "did you mean \"type:shared\"?"},
      {both + "[policy.p]\ninclude = [\"\"]\n", "has an empty entry"},
      {both + "[policy.p]\nincldue = [\"*\"]\n",
       ":10: unknown key 'incldue' in [policy.p]; did you mean 'include'?"},
      {both + "[policy.p]\ntimezone = \"Europe/Belrin\"\n",
       ":10: 'timezone' in [policy.p]: unknown time zone \"Europe/Belrin\"; did you mean "
       "\"Europe/Berlin\"?"},
      {both + "[policy.p]\ntimezone = \"W. Europe Standard Time\"\n",
       ":10: 'timezone' in [policy.p]: unknown time zone \"W. Europe Standard Time\""},
      {both + "[policy.p]\nwindow = [\"22:00-25:00\"]\n",
       ":10: 'window' in [policy.p]: window \"22:00-25:00\""},
      {both + "[policy.p]\nwindow = \"22-6\"\n", "'window' in [policy.p]: window \"22-6\""},
      {both + "[policy.p.retention]\nkeep_dayly = 3\n",
       "unknown key 'keep_dayly' in [policy.p.retention]; did you mean 'keep_daily'?"},
      {both + "[policy.p.retention]\nkeep_daily = -1\n", "is -1, and must be at least 0"},
      {store + "[policy.p]\ninclude = [\"*\"]\n", "needs a [tenant."},
      {web + "listen = \"0.0.0.0:80\"\n", ":5: 'listen' in [web] is not a loopback address"},
      {web + "listen = \"127.0.0.1\"\n", ":5: 'listen' in [web] must be \"address:port\""},
      {store + "[alerts]\nwebhook = [\"http://hooks.example/\"]\n",
       "http:// is accepted for loopback addresses only"},
      {store + "[alerts]\nmail_to = [\"admins@contoso.com\"]\n",
       "'mail_to' in [alerts] needs 'smtp'"},
      {store + "[alerts]\nsmtp = \"mail.example\"\n", "must be an smtp or smtps URL"},
      {store + "[alerts]\nsmtp = \"smtps://me:x@mail.example\"\n",
       "a password belongs into the file of 'smtp_password_file'"},
      {store + "[alerts]\nsmtp = \"smtp://mail.example\"\nsmtp_password_file = \"p\"\n",
       "needs a user in 'smtp'"},
      {store + "[alerts]\nsmtp = \"smtp://mail.example\"\nmail_to = [\"a@b>\"]\n",
       "'mail_to' in [alerts] has no mail address in \"a@b>\""},
      {store + "[alerts]\nmail_from = \"coffer\"\n",
       "'mail_from' in [alerts] has no mail address in \"coffer\""},
  };
  for (const Row& row : table) {
    CAPTURE(row.text);
    const std::string told = complaint(row.text);
    CHECK_THAT(told, test::contains_text("/etc/coffer/coffer.toml"));
    CHECK_THAT(told, test::contains_text(row.told));
  }
}

TEST_CASE("a mistyped URL is told without what may be secret in it", "[daemon][configuration]") {
  struct Row {
    std::string line;
    std::string shown;
  };
  for (const Row& row : std::vector<Row>{
           {"smtp = \"smpts://user:hidden@mail.example:465/hidden\"",
            "\"smpts://mail.example:465\""},
           {"smtp = \"smpts://user:hid/hidden@mail.example\"", "\"smpts://…\""},
           {"smtp = \"smtps://user:hidden@mail.example\"", "\"smtps://mail.example\""},
           {"smtp = \"user:hidden@mail.example\"", "\"mail.example\""},
           {"webhook = [\"htps://hooks.example/services/hidden\"]", "\"htps://hooks.example\""},
           {"webhook = [\"hooks.example?token=hidden\"]", "\"hooks.example\""},
           {"webhook = [\"https://user:hidden@hooks.example/\"]", "\"https://hooks.example\""},
           {"webhook = [\"http://hooks.example/hidden\"]", "not for hooks.example"}}) {
    CAPTURE(row.line);
    const std::string told = complaint(std::string{kStore} + "[alerts]\n" + row.line + "\n");
    CHECK_THAT(told, test::contains_text(row.shown));
    CHECK_THAT(told, !test::contains_text("hid"));
  }
}

TEST_CASE("what the daemon keeps lies beside the store, unless a place is named",
          "[daemon][configuration]") {
  const auto by_itself = parse(std::string{kStore});
  CHECK(by_itself.service.state.string() == by_itself.store.directory.string() + ".state");
  const auto named = parse(std::string{kStore} + "[service]\nstate = \"/var/lib/coffer/state\"\n");
  CHECK(named.service.state == "/var/lib/coffer/state");
  for (const auto& row : std::vector<std::pair<std::string, std::string>>{
           {"state = \"" + by_itself.store.directory.string() + "/state\"", "must not lie inside"},
           {"upkeep = \"25:00\"", "'upkeep' in [service]"},
           {"timezone = \"Europe/Berlim\"", "Europe/Berlin"},
           {"stat = \"/x\"", "did you mean 'state'"}}) {
    CAPTURE(row.first);
    CHECK_THAT(complaint(std::string{kStore} + "[service]\n" + row.first + "\n"),
               test::contains_text(row.second));
  }
}

TEST_CASE("a schedule or a window that makes no sense is refused before the night",
          "[daemon][configuration]") {
  const std::string policy = std::string{kStore} + kTenant + "[policy.p]\n";
  for (const auto& row : std::vector<std::pair<std::string, std::string>>{
           {"schedule = \"every night\"", "'schedule' in [policy.p]"},
           {"schedule = [\"daily\", \"*-*-* 24:61\"]", "'schedule' in [policy.p]"},
           {"window = \"22-6\"", "'window' in [policy.p]"}}) {
    CAPTURE(row.first);
    CHECK_THAT(complaint(policy + row.first + "\n"), test::contains_text(row.second));
  }
  CHECK(parse(policy + "schedule = \"Mon..Fri 22:30\"\nwindow = [\"Mon..Fri 20:00-06:00\"]\n")
            .policies.front()
            .window.size() == 1);
}

TEST_CASE("sizes and durations take whole numbers and their units only",
          "[daemon][configuration]") {
  CHECK(appliance::parse_size("64KiB") == std::uint64_t{64} << 10);
  CHECK(appliance::parse_size("2 GiB") == std::uint64_t{2} << 30);
  for (const char* wrong : {"", "MiB", "1", "1MB", "1.5GiB", "-1MiB", "1mib", "1MiBx"}) {
    CAPTURE(wrong);
    CHECK_FALSE(appliance::parse_size(wrong));
  }
  CHECK(appliance::parse_duration("0d") == base::Duration{0});
  CHECK(appliance::parse_duration("90s") == std::chrono::seconds{90});
  CHECK(appliance::parse_duration("12h") == std::chrono::hours{12});
  for (const char* wrong : {"", "d", "1", "1w", "1.5h", "-1d", "1D", "99999999999999999d"}) {
    CAPTURE(wrong);
    CHECK_FALSE(appliance::parse_duration(wrong));
  }
}

TEST_CASE("a file that cannot be read is an error of usage", "[daemon][configuration]") {
  const test::TemporaryDirectory directory;
  try {
    appliance::load_configuration(directory / "none.toml");
    FAIL("the file is not there");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    CHECK_THAT(error.message(), test::contains_text("none.toml"));
  }
}

TEST_CASE("secrets are read when needed, from private files only", "[daemon][configuration]") {
  const test::TemporaryDirectory directory;
  write(directory / "coffer.toml", "[store]\nurl = \"store\"\npassphrase_file = \"pass\"\n",
        kPrivate);
  const auto configuration = appliance::load_configuration(directory / "coffer.toml");
  const appliance::CredentialFile& passphrase = configuration.store.passphrase;

  CHECK_THROWS_WITH(passphrase.read_secret(),
                    test::contains_text("coffer.toml:3: passphrase_file"));
  write(directory / "pass", "open sesame\n", std::filesystem::perms::all);
  CHECK_THROWS_WITH(passphrase.read_secret(), test::contains_text("chmod 600"));
  std::filesystem::permissions(directory / "pass", kPrivate);
  CHECK(passphrase.read_secret().text() == "open sesame");
  CHECK(configuration.store.directory == directory / "store");
}

TEST_CASE("a credential comes from the service manager's directory", "[daemon][configuration]") {
  const test::TemporaryDirectory directory;
  appliance::CredentialFile file;
  file.credential = "store-passphrase";
  file.origin = "coffer.toml:3: passphrase_file";
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK_THROWS_WITH(file.read_secret(), test::contains_text("CREDENTIALS_DIRECTORY"));
  ::setenv("CREDENTIALS_DIRECTORY", directory.path().c_str(), 1);
  write(directory / "store-passphrase", "open sesame", kPrivate);
  CHECK(file.read_secret().text() == "open sesame");
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("the configuration's path comes from the option, the environment, or its usual place",
          "[daemon][configuration]") {
  ::unsetenv("COFFER_CONFIG");
  CHECK(appliance::configuration_path(std::nullopt) == "/etc/coffer/coffer.toml");
  ::setenv("COFFER_CONFIG", "/srv/coffer.toml", 1);
  CHECK(appliance::configuration_path(std::nullopt) == "/srv/coffer.toml");
  CHECK(appliance::configuration_path("/else.toml") == "/else.toml");
  ::unsetenv("COFFER_CONFIG");
}

TEST_CASE("limits turn into lanes and width", "[daemon]") {
  appliance::LimitSettings limits;
  CHECK(appliance::concurrent_mailboxes(limits) == 32);
  CHECK(appliance::lanes_per_mailbox(limits) == 4);
  limits.memory_bytes = std::uint64_t{128} << 20;
  CHECK(appliance::concurrent_mailboxes(limits) == 8);
  limits.requests_per_mailbox = 1;
  CHECK(appliance::lanes_per_mailbox(limits) == 1);
}

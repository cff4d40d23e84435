#include "web-status/accounts.h"

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <atomic>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace {

using test::contains_text;
using web::Role;

constexpr std::string_view kPassword = "correct horse battery";

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("an account lets in who knows its password, in every process", "[web][accounts]") {
  const test::TemporaryDirectory directory;
  const test::VirtualClock clock;
  const auto file = directory / "accounts";
  web::Accounts here{file, clock};
  web::Accounts there{file, clock};
  CHECK(here.list().empty());

  const web::Account added = here.add("anna", Role::admin, kPassword);
  CHECK(mode_of(file) == 0600);
  REQUIRE(there.list().size() == 1);
  CHECK(there.list().front().name == "anna");
  CHECK(there.list().front().role == Role::admin);
  CHECK(there.list().front().created == added.created);
  CHECK(there.list().front().seal == added.seal);
  const auto verified = there.verify("anna", kPassword);
  REQUIRE(verified);
  CHECK(verified->role == Role::admin);
  CHECK_FALSE(there.verify("anna", "another password"));
  CHECK_FALSE(there.verify("bert", kPassword));

  const web::Account changed = there.set_password("anna", "a fresh password");
  CHECK(changed.seal != added.seal);
  CHECK(here.find("anna")->seal == changed.seal);
  CHECK_FALSE(here.verify("anna", kPassword));
  CHECK(here.verify("anna", "a fresh password"));

  const std::string text{base::as_text(base::read_file(file))};
  CHECK_THAT(text, contains_text("$argon2id$"));
  CHECK_THAT(text, !contains_text("a fresh password"));
  here.remove("anna");
  CHECK(there.list().empty());
}

TEST_CASE("accounts that nobody should have are refused", "[web][accounts]") {
  const test::TemporaryDirectory directory;
  const test::VirtualClock clock;
  web::Accounts accounts{directory / "accounts", clock};
  const auto refusal = [&](std::string_view name, Role role, std::string_view password) {
    try {
      accounts.add(name, role, password);
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::usage);
      return error.message();
    }
    return std::string{};
  };
  CHECK_THAT(refusal("anna", Role::operate, kPassword), contains_text("role admin"));
  CHECK_THAT(refusal("Anna", Role::admin, kPassword), contains_text("name"));
  CHECK_THAT(refusal("", Role::admin, kPassword), contains_text("name"));
  CHECK_THAT(refusal("a b", Role::admin, kPassword), contains_text("name"));
  CHECK_THAT(refusal("a\nb", Role::admin, kPassword), contains_text("name"));
  CHECK_THAT(refusal(std::string(33, 'a'), Role::admin, kPassword), contains_text("name"));
  CHECK_THAT(refusal("anna", Role::admin, "eleven char"), contains_text("12 characters"));
  CHECK_THAT(refusal("anna", Role::admin, "ääääää"), contains_text("12 characters"));
  CHECK_THAT(refusal("anna", Role::admin, std::string(257, 'a')), contains_text("256 bytes"));
  CHECK(refusal("anna", Role::admin, kPassword).empty());
  CHECK_THAT(refusal("anna", Role::admin, kPassword), contains_text("already"));
  CHECK(refusal("bert", Role::viewer, kPassword).empty());
  CHECK_THROWS_WITH(accounts.remove("anna"), contains_text("last account"));
  CHECK_THROWS_WITH(accounts.remove("carl"), contains_text("no account"));
  CHECK_THROWS_WITH(accounts.set_password("carl", kPassword), contains_text("no account"));
  CHECK_THROWS_WITH(accounts.set_password("bert", "short"), contains_text("12 characters"));
  accounts.remove("bert");
  accounts.remove("anna");
  CHECK(accounts.list().empty());
}

TEST_CASE("nobody is let in by a file that is none of ours", "[web][accounts]") {
  const test::TemporaryDirectory directory;
  const test::VirtualClock clock;
  const auto file = directory / "accounts";
  const std::string text = GENERATE(
      as<std::string>{}, "", "anna admin 2026-01-01T00:00:00Z $argon2id$x\n", "coffer accounts 2\n",
      "coffer accounts 1\nanna king 2026-01-01T00:00:00Z x\n", "coffer accounts 1\nanna admin x\n",
      "coffer accounts 1\nA admin 2026-01-01T00:00:00Z x\n");
  CAPTURE(text);
  base::replace_file(file, base::as_bytes(text));
  web::Accounts accounts{file, clock};
  CHECK_THROWS_WITH(accounts.list(), contains_text("no file of accounts"));
  CHECK_THROWS_AS(accounts.verify("anna", kPassword), base::Error);
  CHECK_THROWS_AS(accounts.add("bert", Role::admin, kPassword), base::Error);
}

TEST_CASE("a file of hashes that others can read is not used", "[web][accounts]") {
  const test::TemporaryDirectory directory;
  const test::VirtualClock clock;
  const auto file = directory / "accounts";
  base::replace_file(file, base::as_bytes("coffer accounts 1\n"), 0640);
  const web::Accounts accounts{file, clock};
  CHECK_THROWS_WITH(accounts.list(), contains_text("chmod 600"));
}

TEST_CASE("changes by several at once are all kept", "[web][accounts]") {
  const test::TemporaryDirectory directory;
  const test::VirtualClock clock;
  const auto file = directory / "accounts";
  web::Accounts{file, clock}.add("root", Role::admin, kPassword);
  {
    std::vector<std::jthread> threads;
    for (const std::string name : {"a", "b", "c"}) {
      threads.emplace_back([&, name] {
        web::Accounts{file, clock}.add(name, Role::viewer, kPassword);
      });
    }
  }
  CHECK(web::Accounts{file, clock}.list().size() == 4);
}

TEST_CASE("a flood of logins is turned away, and neither hashed nor kept waiting",
          "[web][accounts]") {
  const test::TemporaryDirectory directory;
  const test::VirtualClock clock;
  web::Accounts accounts{directory / "accounts", clock};
  accounts.add("anna", Role::admin, kPassword);
  std::atomic<int> turned_away = 0;
  std::atomic<int> let_in = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        try {
          if (accounts.verify("anna", kPassword)) ++let_in;
        } catch (const base::Error& error) {
          if (error.kind() == base::ErrorKind::unavailable) ++turned_away;
        }
      });
    }
  }
  CHECK(let_in >= 1);
  CHECK(let_in + turned_away == 16);
}

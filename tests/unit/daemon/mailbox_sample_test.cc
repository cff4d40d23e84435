#include "src/daemon/mailbox_sample.h"

#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/fake_directory.h"

namespace {

using graph::MailboxPurpose;

std::vector<graph::User> users_of(test::FakeDirectory& directory) {
  std::vector<graph::User> users;
  directory.users([&](graph::User user) { users.push_back(std::move(user)); }, {});
  return users;
}

}  // namespace

TEST_CASE("a shared mailbox is found behind many people", "[daemon][mailbox_sample]") {
  test::FakeDirectory directory;
  for (int i = 0; i < 100; ++i) directory.add(base::text("person", i), MailboxPurpose::user);
  directory.add("desk", MailboxPurpose::shared);
  const auto sampled = appliance::sample_accounts(directory, users_of(directory), 50, {});
  REQUIRE(sampled.primary);
  REQUIRE(sampled.shared);
  CHECK(sampled.primary->user.id == "id-person0");
  CHECK(sampled.shared->mailbox.value == "MBX:id-desk");
  CHECK(sampled.asked == 50);
  CHECK(sampled.without_mailbox.empty());
  CHECK_FALSE(sampled.failure);
}

TEST_CASE("accounts without a mailbox are counted by what the service says",
          "[daemon][mailbox_sample]") {
  test::FakeDirectory directory;
  for (const char* name : {"a", "b", "c"}) directory.add(name, std::nullopt);
  directory.add("ann", MailboxPurpose::user);
  const auto sampled = appliance::sample_accounts(directory, users_of(directory), 50, {});
  CHECK(sampled.asked == 4);
  CHECK(sampled.without_mailbox ==
        std::map<std::string, std::size_t>{{"MailboxNotEnabledForRESTAPI", 3}});
  CHECK(sampled.primary);
  CHECK_FALSE(sampled.shared);
}

TEST_CASE("an answer that fails ends the sampling and is told", "[daemon][mailbox_sample]") {
  test::FakeDirectory directory;
  for (const char* name : {"ann", "bob", "eve"}) directory.add(name, MailboxPurpose::user);
  directory.fails["id-bob"] = base::ErrorKind::denied;
  const auto sampled = appliance::sample_accounts(directory, users_of(directory), 50, {});
  CHECK(sampled.asked == 1);
  CHECK(sampled.primary);
  REQUIRE(sampled.failure);
  CHECK(sampled.failure->kind() == base::ErrorKind::denied);
  CHECK(sampled.failed_at == "bob@contoso.com");
}

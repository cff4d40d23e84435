#include "src/backup/selection.h"

#include "tests/support/catch.h"

#include <string>
#include <vector>

namespace {

using backup::Selection;
using graph::MailboxPurpose;

graph::User user(const std::string& address, const std::string& id = "u1") {
  graph::User user;
  user.id = id;
  user.user_principal_name = "upn." + address;
  user.mail = address;
  return user;
}

const std::set<std::string>& members_of(const std::string& group) {
  static const std::set<std::string> kMembers{"u1", "u2"};
  static const std::set<std::string> kNobody;
  return group == "g1" ? kMembers : kNobody;
}

}  // namespace

TEST_CASE("a policy selects by address, principal name, glob, group and type", "[backup]") {
  struct Row {
    const char* name;
    std::vector<std::string> include;
    std::vector<std::string> exclude;
    std::string address;
    MailboxPurpose purpose;
    bool selected;
  };
  const std::vector<Row> rows = {
      {"everything", {"*"}, {}, "ann@contoso.com", MailboxPurpose::user, true},
      {"nothing", {}, {}, "ann@contoso.com", MailboxPurpose::user, false},
      {"address without regard to case",
       {"ANN@contoso.com"},
       {},
       "ann@contoso.com",
       MailboxPurpose::user,
       true},
      {"principal name", {"upn.ann@*"}, {}, "ann@contoso.com", MailboxPurpose::user, true},
      {"another address", {"bob@contoso.com"}, {}, "ann@contoso.com", MailboxPurpose::user, false},
      {"glob", {"*@contoso.com"}, {}, "ann@contoso.com", MailboxPurpose::user, true},
      {"glob of another domain",
       {"*@fabrikam.com"},
       {},
       "ann@contoso.com",
       MailboxPurpose::user,
       false},
      {"excluded by glob",
       {"*"},
       {"svc-*@contoso.com"},
       "svc-x@contoso.com",
       MailboxPurpose::user,
       false},
      {"exclude beats include",
       {"ann@contoso.com"},
       {"*"},
       "ann@contoso.com",
       MailboxPurpose::user,
       false},
      {"type", {"type:shared"}, {}, "info@contoso.com", MailboxPurpose::shared, true},
      {"another type", {"type:shared"}, {}, "ann@contoso.com", MailboxPurpose::user, false},
      {"type excluded", {"*"}, {"type:room"}, "room@contoso.com", MailboxPurpose::room, false},
      {"group", {"group:g1"}, {}, "ann@contoso.com", MailboxPurpose::user, true},
      {"another group", {"group:g2"}, {}, "ann@contoso.com", MailboxPurpose::user, false},
      {"group excluded", {"*"}, {"group:g1"}, "ann@contoso.com", MailboxPurpose::user, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(backup::selects({row.include, row.exclude, {}}, user(row.address), row.purpose,
                          members_of) == row.selected);
  }
}

TEST_CASE("of an account whose purpose is unknown a policy may want what any purpose allows",
          "[backup]") {
  const auto may = [](const Selection& selection) {
    return backup::may_select(selection, user("ann@contoso.com"), members_of);
  };
  CHECK(may({{"*"}, {"group:g2"}, {}}));
  CHECK(may({{"type:shared"}, {}, {}}));
  CHECK(may({{"*"}, {"type:room"}, {}}));
  CHECK_FALSE(may({{"*"}, {"ann@*"}, {}}));
  CHECK_FALSE(may({{"bob@contoso.com"}, {}, {}}));
}

TEST_CASE("the addresses that a policy includes one by one are told", "[backup]") {
  CHECK(
      backup::addresses_included(
          {{"ann@contoso.com", "*@b.com", "a?n@c.com", "type:shared", "group:g"}, {"x@y.z"}, {}}) ==
      std::vector<std::string>{"ann@contoso.com"});
}

TEST_CASE("groups are named once each", "[backup]") {
  CHECK(backup::groups_named({{"group:b", "*"}, {"group:a"}, {"group:b"}}) ==
        std::vector<std::string>{"a", "b"});
}

TEST_CASE("the rank is the place of the first entry that matches", "[backup]") {
  const Selection selection{{"*"}, {}, {"type:shared", "ann@*", "*@contoso.com"}};
  CHECK(backup::rank(selection, user("info@contoso.com"), MailboxPurpose::shared, members_of) == 0);
  CHECK(backup::rank(selection, user("ann@fabrikam.com"), MailboxPurpose::user, members_of) == 1);
  CHECK(backup::rank(selection, user("bob@contoso.com"), MailboxPurpose::user, members_of) == 2);
  CHECK(backup::rank(selection, user("bob@fabrikam.com"), MailboxPurpose::user, members_of) == 3);
}

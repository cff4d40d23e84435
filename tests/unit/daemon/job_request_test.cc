#include "src/daemon/job_request.h"

#include "src/base/error.h"
#include "tests/support/catch.h"

#include <string>
#include <vector>

namespace {

using web::Fields;
using Words = std::vector<std::string>;

struct Good {
  std::string name;
  Fields fields;
  Words words;
};

struct Bad {
  Fields fields;
  std::string message;
};

const Words kTwo{"a@contoso.com", "b@contoso.com"};

std::string refusal_of(const Fields& fields) {
  try {
    static_cast<void>(appliance::job_request(fields));
    return {};
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return error.message();
  }
}

}  // namespace

TEST_CASE("what is posted becomes a command line", "[daemon][jobs]") {
  const Good row = GENERATE(
      Good{"everything", {{"command", "backup"}}, {"backup"}},
      Good{"mailboxes, in full",
           {{"command", "backup"}, {"full", true}, {"mailboxes", kTwo}, {"policy", nullptr}},
           {"backup", "a@contoso.com", "b@contoso.com", "--full"}},
      Good{"a policy",
           {{"command", "backup"}, {"policy", "nightly"}, {"full", false}},
           {"backup", "--policy=nightly"}},
      Good{"a restore",
           {{"command", "restore"},
            {"mailbox", "MBX:1"},
            {"at", "latest"},
            {"folders", Words{"Inbox", "-odd"}},
            {"items", Words{}},
            {"into", "Back"},
            {"on_conflict", "copy"},
            {"reason", "ticket 7"}},
           {"restore", "MBX:1", "--at=latest", "--folder=Inbox", "--folder=-odd", "--into=Back",
            "--on-conflict=copy", "--reason=ticket 7"}},
      Good{"a dry run needs no reason",
           {{"command", "restore"}, {"mailbox", "MBX:1"}, {"dry_run", true}},
           {"restore", "MBX:1", "--dry-run"}},
      Good{"a check",
           {{"command", "check"}, {"level", "full"}, {"repair", true}},
           {"check", "--level=full", "--repair"}},
      Good{
          "a drill", {{"command", "drill"}, {"count", std::uint64_t{50}}}, {"drill", "--items=50"}},
      Good{"pruning", {{"command", "prune"}, {"dry_run", true}}, {"prune", "--dry-run"}},
      Good{"forgetting",
           {{"command", "forget"}, {"policy", "nightly"}, {"confirm", true}},
           {"forget", "--policy=nightly", "--confirm"}},
      Good{"a copy", {{"command", "copy"}, {"to", "/mnt/second"}}, {"copy", "--to=/mnt/second"}});
  CAPTURE(row.name);
  CHECK(appliance::job_request(row.fields).words == row.words);
}

TEST_CASE("what makes no sense is refused and named", "[daemon][jobs]") {
  const Bad row = GENERATE(
      Bad{{}, "\"command\" is missing"}, Bad{{{"command", "bakcup"}}, "did you mean \"backup\"?"},
      Bad{{{"command", "init"}}, "\"command\" takes"},
      Bad{{{"command", "backup"}, {"polcy", "nightly"}}, "did you mean \"policy\"?"},
      Bad{{{"command", "backup"}, {"full", "yes"}}, "\"full\" must be true or false"},
      Bad{{{"command", "backup"}, {"mailboxes", "a@contoso.com"}},
          "\"mailboxes\" must be a list of strings"},
      Bad{{{"command", "backup"}, {"mailboxes", Words{"--config=/etc/passwd"}}},
          "must not begin with \"-\""},
      Bad{{{"command", "backup"}, {"policy", ""}}, "\"policy\" is empty"},
      Bad{{{"command", "restore"}, {"reason", "why"}}, "\"mailbox\" is missing"},
      Bad{{{"command", "restore"}, {"mailbox", "MBX:1"}}, "needs a \"reason\""},
      Bad{{{"command", "restore"}, {"mailbox", "MBX:1"}, {"reason", "  "}}, "needs a \"reason\""},
      Bad{{{"command", "restore"},
           {"mailbox", "MBX:1"},
           {"reason", "why"},
           {"in_place", true},
           {"into", "Back"}},
          "only one of these"},
      Bad{{{"command", "drill"}, {"count", "many"}}, "\"count\" must be a whole number"},
      Bad{{{"command", "copy"}, {"to", std::string("a\0b", 3)}}, "zero octet"},
      Bad{{{"command", "copy"}}, "\"to\" is missing"});
  CAPTURE(row.message);
  CHECK_THAT(refusal_of(row.fields), test::contains_text(row.message));
}

TEST_CASE("the time of a restore gives way to a restore point", "[daemon][jobs]") {
  const auto request = appliance::job_request(
      {{"command", "restore"}, {"mailbox", "MBX:1"}, {"at", "2026-04-01"}, {"reason", "ticket 7"}});
  CHECK(request.at == "2026-04-01");
  CHECK(request.words_at("01jabc") ==
        Words{"restore", "MBX:1", "--at=01jabc", "--reason=ticket 7"});
}

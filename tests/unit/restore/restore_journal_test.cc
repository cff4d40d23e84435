#include "src/restore/restore_journal.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

namespace {

using restore::RestoreJournal;

struct Fixture {
  [[nodiscard]] RestoreJournal open(std::string_view intent = "this one") {
    return {repository.repository().journals(), base::sha256(base::as_bytes(intent)),
            repository.clock().now()};
  }

  store::MemoryBackend backend;
  test::SmallRepository repository{backend};
};

}  // namespace

TEST_CASE("a journal tells what was sent and what came of it, folder by folder", "[restore]") {
  Fixture fixture;
  {
    RestoreJournal journal = fixture.open();
    CHECK_FALSE(journal.goes_on());
    journal.sending("inbox", {{"a", {}}, {"b", {"old b"}}, {"c", {}}});
    journal.came_to("inbox", {"a", "new a"});
    journal.came_to("inbox", {"c", {}});
    journal.sending("inbox", {{"d", {}}});
    journal.sending("sent", {{"e", {}}});
    journal.came_to("inbox", {"d", "new d"});
    journal.flush("inbox");
    journal.came_to("sent", {"e", "told too late"});
  }
  const RestoreJournal journal = fixture.open();
  CHECK(journal.goes_on());
  const restore::FolderPast inbox = journal.past_of("inbox");
  REQUIRE(inbox.size() == 3);
  CHECK(inbox.at("a").target_id == "new a");
  CHECK(inbox.at("b").target_id.empty());
  CHECK(inbox.at("b").there_before == std::set<std::string>{"old b"});
  CHECK(inbox.at("d").target_id == "new d");
  const restore::FolderPast sent = journal.past_of("sent");
  REQUIRE(sent.size() == 1);
  CHECK(sent.at("e").target_id.empty());
  CHECK(journal.past_of("nowhere").empty());
  CHECK_FALSE(fixture.open("another").goes_on());
}

TEST_CASE("a journal whose end is reached is gone", "[restore]") {
  Fixture fixture;
  {
    RestoreJournal journal = fixture.open();
    journal.sending("inbox", {{"a", {}}});
    journal.finish();
  }
  CHECK(fixture.backend.names("restore/").empty());
  CHECK_FALSE(fixture.open().goes_on());
}

TEST_CASE("what is left of a journal that was being removed is none", "[restore]") {
  Fixture fixture;
  fixture.open().sending("inbox", {{"a", {}}});
  fixture.backend.remove(fixture.backend.names("restore/").front());
  CHECK_FALSE(fixture.open().goes_on());
  CHECK(fixture.backend.names("restore/").empty());
}

#include "src/catalog/extract.h"

#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/catalog/search.h"
#include "store/memory_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace {

struct Fixture {
  Fixture() { point = repository.back_up("MBX:1", streams); }

  catalog::ExtractReport extract(const catalog::ExtractSelection& selection = {},
                                 std::stop_token stop = {}) {
    return catalog::extract(
        repository.tenant(), point, selection, directory / "out",
        [&](const catalog::ExtractedItem& item) { items.push_back(item); }, std::move(stop));
  }

  store::MemoryBackend backend;
  test::SmallRepository repository{backend};
  test::Streams streams = test::random_streams(7, 40);
  store::Snapshot point;
  test::TemporaryDirectory directory;
  std::vector<catalog::ExtractedItem> items;
};

}  // namespace

TEST_CASE("every stream is extracted exactly, each into a file of its own", "[catalog]") {
  Fixture fixture;
  const catalog::ExtractReport report = fixture.extract();
  CHECK(report.written == 40);
  CHECK(report.selected == 40);
  CHECK(report.failures.empty());
  REQUIRE(fixture.items.size() == 40);
  std::set<std::string> files;
  for (const catalog::ExtractedItem& item : fixture.items) {
    files.insert(item.file);
    const base::Bytes bytes = base::read_file(fixture.directory / "out" / item.file);
    CHECK(base::sha256(bytes).hex() == item.sha256);
    CHECK(bytes.size() == item.size);
    const bool is_a_stream =
        std::any_of(fixture.streams.begin(), fixture.streams.end(), [&](const auto& stream) {
          return stream.first.second == item.id && stream.second == bytes;
        });
    CHECK(is_a_stream);
  }
  CHECK(files.size() == 40);
}

TEST_CASE("a directory with anything in it is refused", "[catalog]") {
  Fixture fixture;
  fixture.extract();
  catalog::end_extraction(fixture.directory / "out");
  CHECK_THROWS_WITH(fixture.extract(), test::contains_text("not empty"));
}

TEST_CASE("an interrupted extraction goes on with the same arguments", "[catalog]") {
  Fixture fixture;
  std::stop_source stop;
  std::vector<catalog::ExtractedItem> first;
  catalog::extract(
      fixture.repository.tenant(), fixture.point, {}, fixture.directory / "out",
      [&](const catalog::ExtractedItem& item) {
        first.push_back(item);
        if (first.size() == 5) stop.request_stop();
      },
      stop.get_token());
  const auto out = fixture.directory / "out";
  const auto whole = out / first[0].file;
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours{1};
  std::filesystem::last_write_time(whole, old);
  // Not as coffer left it: written again.
  std::ofstream{out / first[1].file, std::ios::app} << "more";

  SECTION("what is whole stays, the rest comes") {
    const catalog::ExtractReport report = fixture.extract();
    CHECK(report.written == 40);
    CHECK(fixture.items.size() == 40);
    CHECK(std::filesystem::last_write_time(whole) == old);
    for (const catalog::ExtractedItem& item : fixture.items) {
      CHECK(base::sha256(base::read_file(out / item.file)).hex() == item.sha256);
    }
  }
  SECTION("another restore point is refused") {
    fixture.repository.clock().advance(std::chrono::hours{24});
    fixture.point = fixture.repository.back_up("MBX:1", fixture.streams, &fixture.point);
    CHECK_THROWS_WITH(fixture.extract(), test::contains_text("not empty"));
  }
  SECTION("another selection is refused") {
    CHECK_THROWS_WITH(fixture.extract({{}, {first[0].id}}), test::contains_text("not empty"));
  }
}

TEST_CASE("an item that is not there is told before anything is written", "[catalog]") {
  Fixture fixture;
  CHECK_THROWS_AS(fixture.extract({{}, {"nowhere"}}), base::Error);
  CHECK_THROWS_AS(fixture.extract({{"nowhere"}, {}}), base::Error);
  CHECK_FALSE(std::filesystem::exists(fixture.directory / "out"));
}

TEST_CASE("single items are extracted alone", "[catalog]") {
  Fixture fixture;
  const std::string id = fixture.streams.begin()->first.second;
  const catalog::ExtractReport report = fixture.extract({{}, {id}});
  CHECK(report.written == report.selected);
  CHECK(report.written >= 1);
  for (const catalog::ExtractedItem& item : fixture.items) CHECK(item.id == id);
}

TEST_CASE("a stopped extraction leaves whole files only", "[catalog]") {
  Fixture fixture;
  std::stop_source stop;
  std::size_t seen = 0;
  const catalog::ExtractReport report = catalog::extract(
      fixture.repository.tenant(), fixture.point, {}, fixture.directory / "out",
      [&](const catalog::ExtractedItem&) {
        if (++seen == 5) stop.request_stop();
      },
      stop.get_token());
  CHECK(report.cancelled);
  CHECK(report.written == 5);
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(fixture.directory / "out")) {
    CHECK(entry.path().extension() != ".part");
  }
}

TEST_CASE("display names become safe names of directories", "[catalog]") {
  struct Row {
    const char* name;
    const char* safe;
  };
  for (const Row& row :
       {Row{"Inbox", "Inbox"}, Row{"a/b\\c", "a_b_c"}, Row{"..", "_"}, Row{".hidden", "_hidden"},
        Row{"", "_"}, Row{"  spaced. ", "spaced"}, Row{"tab\there", "tab here"},
        Row{"what?*\"<>|:~", "what________"}, Row{"Büro 🎉", "Büro 🎉"}}) {
    CAPTURE(row.name);
    CHECK(catalog::safe_name(row.name) == row.safe);
  }
  const std::string long_name = catalog::safe_name(std::string(79, 'x') + "ü" + "tail");
  CHECK(long_name == std::string(79, 'x'));
}

TEST_CASE("items are found by subject, sender, type and dates", "[catalog]") {
  store::ItemEntry item;
  item.item_class = "IPM.Note.SMIME";
  item.created = base::from_milliseconds(5'000);
  store::ItemDisplay display;
  display.subject = "Größe der Über-Straße";
  display.sender_name = "Żółw, Ann";
  display.sender_address = "ann@contoso.com";
  display.received = base::from_milliseconds(10'000);
  const auto matches = [&](const catalog::SearchQuery& query) {
    return catalog::matches(query, item, display);
  };
  const auto at = [](std::int64_t ms) { return base::from_milliseconds(ms); };

  CHECK(matches({}));
  CHECK(matches({.subject = "grosse der uber"}));
  CHECK_FALSE(matches({.subject = "groesse"}));
  CHECK(matches({.subject = "strasse"}));
  CHECK(matches({.subject = "GRÖSSE"}));
  CHECK(matches({.sender = "zolw"}));
  CHECK(matches({.sender = "ANN@CONTOSO"}));
  CHECK_FALSE(matches({.sender = "bob"}));
  CHECK(matches({.item_class = "ipm.note"}));
  CHECK(matches({.item_class = "IPM.*"}));
  CHECK_FALSE(matches({.item_class = "IPM.Not"}));
  CHECK(matches({.after = at(10'000), .before = at(10'000)}));
  CHECK_FALSE(matches({.after = at(10'001)}));
  CHECK_FALSE(matches({.before = at(9'999)}));
  display.received.reset();
  CHECK(matches({.before = at(5'000)}));
  item.created.reset();
  CHECK_FALSE(matches({.before = at(5'000)}));
}

#include "src/daemon/round_trip.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/fake_mailbox_service.h"

#include <string>
#include <vector>

namespace {

using appliance::Check;
using Call = test::FakeMailboxService::Call;
using Status = Check::Status;

std::string filled(std::size_t size_bytes) {
  std::string content;
  content.resize(size_bytes, 'x');
  return content;
}

struct Fixture {
  Fixture() {
    service.add_folder("inbox", "Inbox", "root", "inbox");
    for (int i = 0; i < 9; ++i) {
      const std::string id = "item-" + std::to_string(i);
      service.put_item("inbox", id, "content of " + id + "|key");
    }
  }

  void run(std::stop_token stop = {}) {
    appliance::check_round_trip(
        service, {"MBX:1"}, "round trip", "scratch",
        [this](const Check& check) { checks.push_back(check); }, std::move(stop));
  }
  // Runs it, and expects one check with that status, and the folder gone.
  const Check& told(Status status) {
    run();
    REQUIRE(checks.size() == 1);
    CHECK(checks[0].status == status);
    CHECK_FALSE(service.folder_named("", "scratch"));
    return checks[0];
  }
  void before(Call which, std::uint64_t nth, const std::function<void()>& action) {
    service.before_call = [=, this](Call call, const std::string&) {
      if (call == which && service.calls(which) == nth) action();
    };
  }

  test::FakeMailboxService service;
  std::vector<Check> checks;
};

}  // namespace

TEST_CASE("a sample goes out and comes back, and nothing of it stays", "[daemon][round-trip]") {
  Fixture fixture;
  CHECK_THAT(fixture.told(Status::ok).seen, test::contains_text("5 items"));
  CHECK(fixture.service.calls(Call::import_unit) == 5);
  CHECK(fixture.service.items("inbox").size() == 9);
}

TEST_CASE("an item that comes back otherwise fails the round trip", "[daemon][round-trip]") {
  Fixture fixture;
  fixture.before(Call::export_units, 2, [&] {
    const std::string folder = fixture.service.folder_named("", "scratch").value();
    const std::string id = fixture.service.items(folder).begin()->first;
    fixture.service.item(folder, id).content += "x";
  });
  CHECK_THAT(fixture.told(Status::failed).seen, test::contains_text("came back otherwise"));
}

TEST_CASE("whatever fails in a round trip, its folder goes", "[daemon][round-trip]") {
  Fixture fixture;
  SECTION("the first export") {
    fixture.service.poison("item-0", {"ErrorItemCorrupt", "it is broken", false});
    CHECK_THAT(fixture.told(Status::failed).seen, test::contains_text("it is broken"));
    CHECK(fixture.service.calls(Call::create_folder) == 0);
  }
  SECTION("an import") {
    fixture.service.refuse_import = [](const std::string&) {
      return graph::ImportRefused{{"ErrorCorruptData", "not taken", false}, false};
    };
    CHECK_THAT(fixture.told(Status::failed).seen, test::contains_text("not taken"));
  }
  SECTION("the answer to an import") {
    fixture.service.lose_answer = [](const std::string&) {
      return test::FakeMailboxService::Lost::after_creating;
    };
    CHECK_THAT(fixture.told(Status::failed).seen, test::contains_text("the answer was lost"));
  }
  SECTION("the right to import") {
    fixture.before(Call::prepare_import, 1, [] {
      throw base::Error{base::ErrorKind::denied, "a right is missing"};
    });
    CHECK(fixture.told(Status::failed).denied);
    CHECK(fixture.service.calls(Call::create_folder) == 0);
  }
}

TEST_CASE("a round trip that is stopped takes its folder with it", "[daemon][round-trip]") {
  Fixture fixture;
  std::stop_source stop;
  fixture.before(Call::import_unit, 2, [&] { stop.request_stop(); });
  CHECK_THROWS_AS(fixture.run(stop.get_token()), base::Error);
  CHECK_FALSE(fixture.service.folder_named("", "scratch"));
  CHECK(fixture.checks.empty());
}

TEST_CASE("a folder that cannot be removed is told beside the outcome", "[daemon][round-trip]") {
  Fixture fixture;
  fixture.before(Call::remove_folder, 1, [] {
    throw base::Error{base::ErrorKind::unavailable, "not now"};
  });
  fixture.run();
  REQUIRE(fixture.checks.size() == 2);
  CHECK(fixture.checks[0].status == Status::warning);
  CHECK_THAT(fixture.checks[0].remedy, test::contains_text("'scratch'"));
  CHECK(fixture.checks[1].status == Status::ok);
}

TEST_CASE("a folder that was there is nobody's to use or remove", "[daemon][round-trip]") {
  Fixture fixture;
  fixture.service.add_folder("theirs", "scratch", "");
  fixture.run();
  REQUIRE(fixture.checks.size() == 1);
  CHECK(fixture.checks[0].status == Status::failed);
  CHECK(fixture.service.folder_named("", "scratch") == "theirs");
  CHECK(fixture.service.items("theirs").empty());
}

TEST_CASE("a stream without end is not taken in", "[daemon][round-trip][security]") {
  Fixture fixture;
  fixture.before(Call::export_units, 1,
                 [&] { fixture.service.item("inbox", "item-0").content = filled(40'000'000); });
  CHECK_THAT(fixture.told(Status::failed).seen, test::contains_text("is longer than"));
}

TEST_CASE("without an item of a moderate size there is nothing to try", "[daemon][round-trip]") {
  Fixture fixture;
  for (int i = 0; i < 9; ++i) fixture.service.remove_item("inbox", "item-" + std::to_string(i));
  fixture.service.put_item("inbox", "large", filled(9 << 20));
  CHECK(fixture.told(Status::warning).remedy == "name a mailbox that holds some");
  CHECK(fixture.service.calls(Call::create_folder) == 0);
}

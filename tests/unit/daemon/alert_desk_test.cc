#include "src/daemon/alert_desk.h"

#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <thread>

namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Two receivers; what they took, as "receiver event subject".
class SenderNotes final : public appliance::AlertSender {
 public:
  [[nodiscard]] const std::vector<jobs::Receiver>& receivers() const override { return receivers_; }
  std::string send(const jobs::DueMessage& message, std::stop_token) override {
    ++asked;
    if (message.to.id == refuses) return "refused";
    taken.push_back(base::text(message.to.id, " ", jobs::name(message.message.event), " ",
                               message.message.subject));
    return {};
  }

  std::vector<std::string> taken;
  std::string refuses;
  std::size_t asked = 0;

 private:
  std::vector<jobs::Receiver> receivers_{{"hook", "https://hooks.example/…"}, {"mail", "a@b"}};
};

struct Setting {
  test::TemporaryDirectory directory;
  std::filesystem::path file = directory / "alerts";
  test::VirtualClock clock;
  std::shared_ptr<SenderNotes> sender = std::make_shared<SenderNotes>();
  appliance::AlertDesk desk{sender, file, clock};

  static jobs::AlertFacts wrong() {
    jobs::AlertFacts facts;
    facts.store_problem = "wrong key";
    return facts;
  }
  static jobs::AlertFacts fine() {
    jobs::AlertFacts facts;
    facts.store_problem = "";
    return facts;
  }
};

constexpr const char* kSubject = "The store cannot be opened: nothing is backed up";

}  // namespace

TEST_CASE("a desk tells every receiver once, over a restart too", "[daemon][alerts]") {
  Setting setting;
  CHECK(setting.desk.update(Setting::wrong()).size() == 1);
  CHECK(setting.desk.open_count() == 1);
  CHECK(setting.desk.is_open("store_unavailable"));
  CHECK(setting.sender->asked == 0);
  CHECK(setting.desk.deliver_due({}).size() == 2);
  CHECK(setting.desk.deliver_due({}).empty());
  const std::vector<std::string> told{base::text("hook opened ", kSubject),
                                      base::text("mail opened ", kSubject)};
  CHECK(setting.sender->taken == told);

  appliance::AlertDesk again{setting.sender, setting.file, setting.clock};
  CHECK(again.update(Setting::wrong()).empty());
  CHECK(again.deliver_due({}).empty());
  CHECK(setting.sender->taken == told);
  again.update(Setting::fine());
  again.deliver_due({});
  REQUIRE(setting.sender->taken.size() == 4);
  CHECK(setting.sender->taken[3] == base::text("mail over ", kSubject));
  CHECK(again.open_count() == 0);
  REQUIRE(again.records().size() == 1);
  CHECK_THAT(jobs::to_json(again.records()[0]),
             test::contains_text(R"("kind":"store_unavailable","severity":"critical")"));
}

TEST_CASE("a message that was not yet sent is sent after a restart", "[daemon][alerts]") {
  Setting setting;
  setting.desk.update(Setting::wrong());
  appliance::AlertDesk again{setting.sender, setting.file, setting.clock};
  again.deliver_due({});
  CHECK(setting.sender->taken.size() == 2);
}

TEST_CASE("a receiver that fails keeps no other waiting, and is tried again later",
          "[daemon][alerts]") {
  Setting setting;
  setting.sender->refuses = "hook";
  jobs::AlertFacts facts = Setting::wrong();
  facts.retention = {{"nightly", 800, 500}};
  setting.desk.update(facts);
  setting.desk.deliver_due({});
  CHECK(setting.sender->taken.size() == 2);
  CHECK(setting.sender->asked == 3);  // the hook once only
  setting.sender->refuses = "";
  setting.clock.advance(minutes{1});
  setting.desk.deliver_due({});
  CHECK(setting.sender->taken.size() == 4);
  setting.clock.advance(hours{30});
  setting.desk.deliver_due({});
  CHECK(setting.sender->asked == 5);
}

TEST_CASE("a stop is no refusal", "[daemon][alerts]") {
  Setting setting;
  setting.desk.update(Setting::wrong());
  std::stop_source stop;
  stop.request_stop();
  CHECK(setting.desk.deliver_due(stop.get_token()).empty());
  CHECK(setting.sender->asked == 0);
  setting.desk.deliver_due({});
  CHECK(setting.sender->taken.size() == 2);
}

TEST_CASE("a book that cannot be read is set aside", "[daemon][alerts]") {
  test::TemporaryDirectory directory;
  base::replace_file(directory / "alerts", base::as_bytes("nonsense"));
  test::VirtualClock clock;
  appliance::AlertDesk desk{std::make_shared<SenderNotes>(), directory / "alerts", clock};
  CHECK(desk.records().empty());
  CHECK(base::as_text(base::read_file(directory / "alerts.unreadable")) == "nonsense");
}

TEST_CASE("a disk that takes no book keeps nobody from being told, once", "[daemon][alerts]") {
  Setting setting;
  appliance::AlertDesk desk{setting.sender, setting.directory / "missing" / "alerts",
                            setting.clock};
  desk.update(Setting::wrong());
  desk.deliver_due({});
  desk.update(Setting::wrong());
  desk.deliver_due({});
  CHECK(setting.sender->taken.size() == 2);
  // As soon as there is a place, the book is kept again.
  std::filesystem::create_directory(setting.directory / "missing");
  desk.update(Setting::wrong());
  appliance::AlertDesk again{setting.sender, setting.directory / "missing" / "alerts",
                             setting.clock};
  CHECK(again.is_open("store_unavailable"));
}

TEST_CASE("a test alert reaches everybody and is not in the book", "[daemon][alerts]") {
  Setting setting;
  setting.sender->refuses = "mail";
  const auto sent = setting.desk.send_test({});
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].problem.empty());
  CHECK(sent[1].problem == "refused");
  CHECK(setting.desk.records().empty());
}

TEST_CASE("several deliver and judge at once, and everything is told once", "[daemon][alerts]") {
  Setting setting;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 25; ++round) {
          setting.desk.update(Setting::wrong());
          setting.desk.deliver_due({});
          static_cast<void>(setting.desk.records());
        }
      });
    }
  }
  CHECK(setting.sender->taken.size() == 2);
}

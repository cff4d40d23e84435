// The client against the simulated tenant, in process and on virtual time.
#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/tenant.h"
#include "tests/simulator/item_stream.h"
#include "tests/simulator/simulator_transport.h"
#include "tests/simulator/tenant.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_settings.h"
#include "tests/support/virtual_clock.h"

#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

simulator::TenantPlan small_plan(std::uint64_t seed) {
  simulator::TenantPlan plan;
  plan.seed = seed;
  plan.mailboxes = 3;
  plan.items = 60;
  plan.bytes = 3'000'000;
  return plan;
}

struct Setup {
  explicit Setup(const simulator::TenantPlan& given)
      : plan(given),
        simulated(plan, clock.now()),
        transport(simulated, clock),
        tenant(test::simulated_settings(*simulated.world(), plan), transport, clock) {}

  graph::MailboxService& service() { return tenant.mailboxes(); }
  graph::MailboxId first_mailbox() { return {simulated.world()->mailboxes.begin()->first}; }

  simulator::TenantPlan plan;
  test::VirtualClock clock{};
  simulator::Tenant simulated;
  simulator::SimulatorTransport transport;
  graph::Tenant tenant;
};

class Digests final : public graph::ExportSink {
 public:
  void begin() override {}
  void data(base::ByteView piece) override { stream_.update(piece); }
  void end(const std::string& item_id, const std::string&) override {
    CHECK(streams.emplace(item_id, stream_.finish().hex()).second);
  }
  void abandon() override { stream_.finish(); }
  void failed(const std::string& item_id, const graph::UnitError& error) override {
    CHECK(failures.emplace(item_id, error).second);
  }

  std::map<std::string, std::string> streams;
  std::map<std::string, graph::UnitError> failures;

 private:
  base::Sha256Stream stream_;
};

// A feed followed until a round brings nothing more, as the engine would: rejected places start
// anew.
template <typename Ask>
void follow(Ask ask) {
  std::optional<graph::Cursor> since;
  for (int rounds = 0, quiet = 0; quiet < 3; ++rounds) {
    REQUIRE(rounds < 100);
    bool told = false;
    const graph::Round round = ask(since, told);
    if (const auto* complete = std::get_if<graph::RoundComplete>(&round)) {
      quiet = told ? 0 : quiet + 1;
      since = complete->next;
    } else {
      REQUIRE(std::holds_alternative<graph::CursorRejected>(round));
      since.reset();
      quiet = 0;
    }
  }
}

std::map<std::string, std::uint64_t> items_of(graph::MailboxService& service,
                                              const graph::MailboxId& mailbox,
                                              const std::string& folder) {
  std::map<std::string, std::uint64_t> items;
  follow([&](const std::optional<graph::Cursor>& since, bool& told) {
    if (!since) items.clear();
    return service.item_changes(
        mailbox, folder, since,
        [&](graph::ItemChange change) {
          if (const auto* item = std::get_if<graph::Item>(&change)) {
            told = items.insert_or_assign(item->id, item->size_bytes).second || told;
          } else {
            told = items.erase(std::get<graph::ItemRemoved>(change).id) > 0 || told;
          }
        },
        {});
  });
  return items;
}

std::set<std::string> folders_of(graph::MailboxService& service, const graph::MailboxId& mailbox) {
  std::set<std::string> folders;
  follow([&](const std::optional<graph::Cursor>& since, bool& told) {
    if (!since) folders.clear();
    return service.folder_changes(mailbox, since,
                                  [&](graph::FolderChange change) {
                                    if (const auto* folder = std::get_if<graph::Folder>(&change)) {
                                      told = folders.insert(folder->id).second || told;
                                    }
                                  },
                                  {});
  });
  return folders;
}

// Item ids and stream digests as the tenant has them.
std::map<std::string, std::string> truth(Setup& setup, const graph::MailboxId& mailbox) {
  std::map<std::string, std::string> streams;
  auto world = setup.simulated.world();
  for (const auto& [number, item] : world->mailboxes.at(mailbox.value).items()) {
    streams[item.id] = simulator::summarize_stream(item.recipe).sha256.hex();
  }
  return streams;
}

Digests export_all(Setup& setup, const graph::MailboxId& mailbox) {
  Digests sink;
  for (const std::string& folder : folders_of(setup.service(), mailbox)) {
    std::vector<graph::ExportRequest> units;
    for (const auto& [id, size] : items_of(setup.service(), mailbox, folder))
      units.push_back({id, size});
    setup.service().export_units(mailbox, units, sink, {});
  }
  return sink;
}

class Stream final : public graph::StreamSource {
 public:
  explicit Stream(base::Bytes bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return bytes_.size(); }
  std::size_t read(base::MutableByteView target) override {
    const std::size_t size = std::min(target.size(), bytes_.size() - position_);
    std::memcpy(target.data(), bytes_.data() + position_, size);
    position_ += size;
    return size;
  }
  void rewind() override { position_ = 0; }

 private:
  base::Bytes bytes_;
  std::size_t position_ = 0;
};

}  // namespace

TEST_CASE("under faults of every kind each item comes once, with the tenant's bytes",
          "[graph][simulation]") {
  const auto seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{9}));
  CAPTURE(seed);
  Setup setup{small_plan(seed)};
  setup.simulated.world()->faults.configure(
      base::text("seed=", seed, ",all=0.02,token_expired=0.002"));
  std::vector<std::string> mailboxes;
  for (const auto& [id, mailbox] : setup.simulated.world()->mailboxes) mailboxes.push_back(id);
  for (const std::string& id : mailboxes) {
    const Digests sink = export_all(setup, {id});
    CHECK(sink.failures.empty());
    CHECK(sink.streams == truth(setup, {id}));
  }
  auto world = setup.simulated.world();
  CHECK(world->statistics.faults.size() > 5);
  CHECK(world->statistics.violations.empty());
  CHECK(world->statistics.early_retries == 0);
}

TEST_CASE("a quiet mailbox costs one request and one more for each folder", "[graph][simulation]") {
  Setup setup{small_plan(3)};
  const graph::MailboxId mailbox = setup.first_mailbox();
  auto& service = setup.service();
  std::set<std::string> folders;
  const auto first = service.folder_changes(
      mailbox, {},
      [&](graph::FolderChange change) { folders.insert(std::get<graph::Folder>(change).id); }, {});
  std::map<std::string, graph::Cursor> cursors;
  for (const std::string& folder : folders) {
    const auto round = service.item_changes(mailbox, folder, {}, [](graph::ItemChange) {}, {});
    cursors[folder] = std::get<graph::RoundComplete>(round).next;
  }
  const auto before = service.statistics().requests;
  const auto unexpected = [](auto) { FAIL("nothing has changed"); };
  service.folder_changes(mailbox, std::get<graph::RoundComplete>(first).next, unexpected, {});
  for (const auto& [folder, cursor] : cursors) {
    CHECK(std::holds_alternative<graph::RoundComplete>(
        service.item_changes(mailbox, folder, cursor, unexpected, {})));
  }
  CHECK(service.statistics().requests - before == 1 + folders.size());
}

TEST_CASE("a poisoned item costs itself only", "[graph][simulation]") {
  Setup setup{small_plan(4)};
  setup.simulated.world()->faults.configure("seed=4,poison=0.1");
  const graph::MailboxId mailbox = setup.first_mailbox();
  const Digests sink = export_all(setup, mailbox);
  const auto all = truth(setup, mailbox);
  CHECK_FALSE(sink.failures.empty());
  CHECK(sink.streams.size() + sink.failures.size() == all.size());
  for (const auto& [id, digest] : sink.streams) CHECK(all.at(id) == digest);
  for (const auto& [id, error] : sink.failures) {
    CHECK_FALSE(sink.streams.contains(id));
    CHECK_FALSE(error.code.empty());
    CHECK_FALSE(error.is_gone);
  }
}

TEST_CASE("under faults every import is told as what it was", "[graph][simulation]") {
  const auto seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{6}));
  CAPTURE(seed);
  Setup setup{small_plan(seed)};
  const graph::MailboxId mailbox = setup.first_mailbox();
  const auto folder = setup.service().create_folder(mailbox, "", "Restored", "IPF.Note", {}).folder;
  std::vector<base::Bytes> streams;
  {
    auto world = setup.simulated.world();
    for (const auto& [number, item] : world->mailboxes.at(mailbox.value).items()) {
      streams.push_back(simulator::whole_stream(item.recipe));
    }
    world->faults.configure(
        base::text("seed=", seed,
                   ",all=0.05,token_expired=0.005,session_expired=0.005,lost_import_answer=0.2"));
  }
  std::size_t certain = 0;
  std::size_t uncertain = 0;
  for (base::Bytes& bytes : streams) {
    Stream stream{std::move(bytes)};
    const auto result = setup.service().import_unit(mailbox, folder.id, stream, std::nullopt, {});
    if (const auto* refused = std::get_if<graph::ImportRefused>(&result)) {
      FAIL(refused->error.code << ": " << refused->error.message);
    }
    std::holds_alternative<graph::Imported>(result) ? ++certain : ++uncertain;
  }
  auto world = setup.simulated.world();
  const auto* restored = world->mailboxes.at(mailbox.value).find_folder(folder.id);
  REQUIRE(restored != nullptr);
  CHECK(restored->items.size() >= certain);
  CHECK(restored->items.size() <= certain + uncertain);
  CHECK(uncertain > 0);
  CHECK(world->statistics.violations.empty());
  CHECK(world->statistics.early_retries == 0);
}

TEST_CASE("an altered stream is refused and nothing is created", "[graph][simulation]") {
  Setup setup{small_plan(5)};
  const graph::MailboxId mailbox = setup.first_mailbox();
  const auto folder = setup.service().create_folder(mailbox, "", "Restored", "IPF.Note", {}).folder;
  base::Bytes bytes = simulator::whole_stream(
      setup.simulated.world()->mailboxes.at(mailbox.value).items().begin()->second.recipe);
  bytes[bytes.size() / 2] ^= std::byte{1};
  Stream stream{std::move(bytes)};
  const auto result = setup.service().import_unit(mailbox, folder.id, stream, std::nullopt, {});
  REQUIRE(std::holds_alternative<graph::ImportRefused>(result));
  CHECK(std::get<graph::ImportRefused>(result).error.code == "ErrorCorruptData");
  CHECK(setup.simulated.world()->mailboxes.at(mailbox.value).find_folder(folder.id)->items.empty());
}

TEST_CASE("the documented limits are never met, however many lanes ask", "[graph][simulation]") {
  Setup setup{small_plan(6)};
  const graph::MailboxId mailbox = setup.first_mailbox();
  auto& service = setup.service();
  {
    std::vector<std::jthread> lanes;
    for (int lane = 0; lane < 6; ++lane) {
      lanes.emplace_back([&] {
        for (int i = 0; i < 2'000; ++i) service.folder(mailbox, "inbox", {});
      });
    }
  }
  // 12,000 requests need a second window.
  CHECK(setup.clock.slept() >= 9min);
  CHECK(service.statistics().requests == 12'000);
  CHECK(service.statistics().throttled == 0);
  CHECK(setup.simulated.world()->statistics.maximum_in_flight.at(mailbox.value) <= 4);
}

TEST_CASE("an app without a right is told which one", "[graph][simulation]") {
  Setup setup{small_plan(7)};
  const graph::MailboxId mailbox = setup.first_mailbox();
  setup.simulated.world()
      ->applications.at(simulator::kBackupClientId)
      .roles.erase("MailboxItem.Export.All");
  Digests sink;
  const std::vector<graph::ExportRequest> units{{"AAMkAGI=", 10}};
  try {
    setup.service().export_units(mailbox, units, sink, {});
    FAIL("it was allowed");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::denied);
    CHECK_THAT(error.what(), test::contains_text("MailboxItem.Export.All"));
  }
}

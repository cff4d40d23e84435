// The article's form of the API: what is asked, what is made of the answers, and the same against
// the simulated tenant.
#include "src/base/digest.h"
#include "src/base/text.h"
#include "src/graph/tenant.h"
#include "tests/simulator/folder_stream.h"
#include "tests/simulator/simulator_transport.h"
#include "tests/simulator/tenant.h"
#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

namespace {

const graph::MailboxId kMailbox{"user-1/MBX:one@tenant"};

graph::TenantSettings folder_jobs_settings() {
  graph::TenantSettings settings = test::scripted_settings();
  settings.api = graph::ApiForm::folder_jobs;
  return settings;
}

struct Scripted {
  test::ScriptedTransport transport{};
  test::VirtualClock clock{};
  graph::Tenant tenant{folder_jobs_settings(), transport, clock};

  graph::MailboxService& service() { return tenant.mailboxes(); }
};

class Streams final : public graph::ExportSink {
 public:
  void begin() override { current_.clear(); }
  void data(base::ByteView piece) override { current_ += base::as_text(piece); }
  void end(const std::string& item_id, const std::string& change_key) override {
    CHECK(streams.emplace(item_id, std::exchange(current_, {})).second);
    change_keys[item_id] = change_key;
  }
  void abandon() override {
    current_.clear();
    ++abandoned;
  }
  void failed(const std::string& item_id, const graph::UnitError& error) override {
    CHECK(failures.emplace(item_id, error).second);
  }

  std::map<std::string, std::string> streams;
  std::map<std::string, std::string> change_keys;
  std::map<std::string, graph::UnitError> failures;
  int abandoned = 0;

 private:
  std::string current_;
};

class TextStream final : public graph::StreamSource {
 public:
  explicit TextStream(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] std::uint64_t size_bytes() const override { return text_.size(); }
  std::size_t read(base::MutableByteView target) override {
    const std::size_t count = std::min(target.size(), text_.size() - position_);
    std::ranges::copy(base::as_bytes(text_).subspan(position_, count), target.begin());
    position_ += count;
    return count;
  }
  void rewind() override { position_ = 0; }

 private:
  std::string text_;
  std::size_t position_ = 0;
};

test::ScriptedAnswer stream(const std::string& body) {
  return {.body = body, .headers = {{"Content-Type", "application/octet-stream"}}};
}

std::vector<graph::Folder> folders_of(graph::MailboxService& service,
                                      const graph::MailboxId& mailbox) {
  std::vector<graph::Folder> folders;
  const graph::Round round = service.folder_changes(
      mailbox, std::nullopt,
      [&](graph::FolderChange change) { folders.push_back(std::get<graph::Folder>(change)); }, {});
  CHECK(std::get<graph::RoundComplete>(round).full);
  return folders;
}

Streams export_folders(graph::MailboxService& service, const graph::MailboxId& mailbox,
                       const std::vector<std::string>& ids) {
  Streams streams;
  std::vector<graph::ExportRequest> units;
  for (const std::string& id : ids) units.push_back({id, 0});
  service.export_units(mailbox, units, streams, {});
  return streams;
}

graph::ImportResult import(graph::MailboxService& service, const graph::MailboxId& mailbox,
                           const std::string& folder, const std::string& text,
                           std::stop_token stop = {}) {
  TextStream source{text};
  return service.import_unit(mailbox, folder, source, std::nullopt, std::move(stop));
}

test::ScriptedAnswer folder_with(int items) {
  return {.body = base::text(R"({"id":"f","displayName":"F","totalItemCount":)", items, "}")};
}

}  // namespace

TEST_CASE("folders are listed level by level, and a tree that bites its tail ends",
          "[graph][folder_jobs]") {
  Scripted it;
  it.transport.answer({.body = R"({"value":[{"id":"a","displayName":"A","childFolderCount":1}],
    "@odata.nextLink":"https://graph.microsoft.com/v1.0/users/user-1/mailFolders?page=2"})"});
  it.transport.answer({.body = R"({"value":[{"id":"b","displayName":"B","childFolderCount":0}]})"});
  it.transport.answer({.body = R"({"value":[{"id":"c/1","displayName":"C","childFolderCount":1},
    {"id":"a","displayName":"A","childFolderCount":1}]})"});
  it.transport.answer({.body = R"({"value":[{"id":"a","displayName":"A","childFolderCount":1}]})"});
  const auto folders = folders_of(it.service(), kMailbox);
  std::vector<std::string> told;
  for (const graph::Folder& folder : folders) told.push_back(folder.parent_id + ">" + folder.id);
  CHECK(told ==
        std::vector<std::string>{">msgfolderroot", "msgfolderroot>a", "msgfolderroot>b", "a>c/1"});
  const auto requests = it.transport.requests();
  REQUIRE(requests.size() == 4);
  CHECK_THAT(requests[0].url, test::contains_text("/v1.0/users/user-1/mailFolders?"));
  CHECK_THAT(requests[2].url, test::contains_text("/users/user-1/mailFolders/a/childFolders?"));
  CHECK_THAT(requests[3].url, test::contains_text("/mailFolders/c%2F1/childFolders?"));
}

TEST_CASE("pages that lead elsewhere, and ids of the other form, are refused",
          "[graph][folder_jobs]") {
  Scripted it;
  it.transport.answer(
      {.body = R"({"value":[],"@odata.nextLink":"https://evil.example/v1.0/users"})"});
  CHECK(test::error_of([&] { folders_of(it.service(), kMailbox); }).first ==
        base::ErrorKind::protocol);
  for (const char* id : {"MBX:one@tenant", "/MBX:one@tenant", "user-1/"}) {
    CHECK(test::error_of([&] { folders_of(it.service(), {id}); }).first ==
          base::ErrorKind::not_found);
  }
}

TEST_CASE("a folder's stream arrives whole, its digest for a version", "[graph][folder_jobs]") {
  Scripted it;
  it.transport.set_piece_bytes(3);
  it.transport.answer(stream("opaque bytes"));
  const Streams streams = export_folders(it.service(), kMailbox, {"f"});
  CHECK(streams.streams.at("f") == "opaque bytes");
  CHECK(streams.change_keys.at("f") == base::sha256(base::as_bytes("opaque bytes")).hex());
  const test::SentRequest request = it.transport.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.url ==
        "https://graph.microsoft.com/v1.0/users/user-1/mailboxes/MBX:one@tenant/exportJobs");
  CHECK(request.body == R"({"sourceFolder":"f","targetRootFolder":null})");
  CHECK(request.header("Accept") == "application/octet-stream");
}

TEST_CASE("a stream that breaks off begins anew; one that is none is not stored",
          "[graph][folder_jobs]") {
  Scripted it;
  SECTION("broken twice") {
    test::ScriptedAnswer broken = stream("opa");
    broken.failure = http::TransferFailure::interrupted;
    it.transport.answer(broken);
    it.transport.answer(test::refusal(500, "generalException"));
    it.transport.answer(stream("opaque"));
    const Streams streams = export_folders(it.service(), kMailbox, {"f"});
    CHECK(streams.streams.at("f") == "opaque");
    CHECK(streams.abandoned == 1);
  }
  SECTION("broken again and again") {
    it.transport.set_script([](const test::SentRequest&) {
      test::ScriptedAnswer broken = stream("opa");
      broken.failure = http::TransferFailure::interrupted;
      return broken;
    });
    const Streams streams = export_folders(it.service(), kMailbox, {"f", "g"});
    CHECK(streams.streams.empty());
    CHECK(streams.failures.at("f").code == "TruncatedAnswer");
    CHECK(streams.failures.contains("g"));
    CHECK(it.transport.requests().size() == 8);
  }
  SECTION("JSON in the clothes of a success") {
    it.transport.set_script([](const test::SentRequest&) -> test::ScriptedAnswer {
      return {.body = R"({"error":{"code":"x"}})",
              .headers = {{"Content-Type", "application/json; charset=utf-8"}}};
    });
    CHECK(export_folders(it.service(), kMailbox, {"f"}).failures.at("f").code == "NoStream");
  }
  SECTION("accepted instead of answered") {
    it.transport.set_script(
        [](const test::SentRequest&) -> test::ScriptedAnswer { return {.status = 202}; });
    CHECK(export_folders(it.service(), kMailbox, {"f"}).failures.at("f").code == "NoStream");
  }
  SECTION("gone, and refused") {
    it.transport.answer(test::refusal(404, "ErrorItemNotFound"));
    it.transport.answer(test::refusal(404, "ErrorItemNotFound"));  // nor is there such a folder
    it.transport.answer(test::refusal(400, "ErrorCorruptData"));
    const Streams streams = export_folders(it.service(), kMailbox, {"f", "g"});
    CHECK(streams.failures.at("f").is_gone);
    CHECK_FALSE(streams.failures.at("g").is_gone);
    CHECK(it.transport.requests().size() == 3);
  }
  SECTION("not found, though the folder is there") {
    it.transport.answer(test::refusal(404, "ResourceNotFound"));
    it.transport.answer(folder_with(3));
    const Streams streams = export_folders(it.service(), kMailbox, {"f"});
    CHECK_FALSE(streams.failures.at("f").is_gone);
  }
  SECTION("forbidden: the right is named") {
    it.transport.answer(test::refusal(403, "ErrorAccessDenied"));
    const auto [kind, what] =
        test::error_of([&] { export_folders(it.service(), kMailbox, {"f"}); });
    CHECK(kind == base::ErrorKind::denied);
    CHECK_THAT(what, test::contains_text("Mailbox.Migration"));
  }
}

TEST_CASE("an import sends the stream as it is and asks until the job is over",
          "[graph][folder_jobs]") {
  Scripted it;
  it.transport.answer(folder_with(0));
  it.transport.answer({.status = 202, .body = R"({"id":"job/7","status":"notStarted"})"});
  it.transport.answer({.body = R"({"id":"job/7","status":"running"})"});
  it.transport.answer({.body = R"({"id":"job/7","status":"Completed"})"});
  const auto result = import(it.service(), kMailbox, "f=", "opaque");
  CHECK(std::get<graph::Imported>(result).item_id == "f=");
  const auto requests = it.transport.requests();
  REQUIRE(requests.size() == 4);
  CHECK_THAT(requests[1].url, test::contains_text("/users/user-1/mailboxes/MBX:one@tenant/"
                                                  "importJobs?targetRootFolder=f%3D"));
  CHECK(requests[1].body == "opaque");
  CHECK(requests[1].header("Content-Type") == "application/octet-stream");
  CHECK_THAT(requests[2].url, test::contains_text("/importJobs/job%2F7"));
}

TEST_CASE("what becomes of an import is told as far as it is known", "[graph][folder_jobs]") {
  Scripted it;
  it.transport.answer(folder_with(0));
  SECTION("the job failed") {
    it.transport.answer({.status = 202, .headers = {{"Location", "https://x/importJobs/j?a=b"}}});
    it.transport.answer({.body = R"({"status":"failed","error":{"code":"ErrorCorruptData",
      "message":"altered"}})"});
    const auto refused = std::get<graph::ImportRefused>(import(it.service(), kMailbox, "f", "x"));
    CHECK(refused.error.code == "ErrorCorruptData");
    CHECK_THAT(it.transport.requests().at(2).url, test::contains_text("/importJobs/j"));
    // Only its last part is taken of an address that came from elsewhere.
    CHECK_THAT(it.transport.requests().at(2).url, test::contains_text("graph.microsoft.com"));
  }
  SECTION("the mailbox is full") {
    it.transport.answer(test::refusal(507, "ErrorQuotaExceeded"));
    CHECK(std::get<graph::ImportRefused>(import(it.service(), kMailbox, "f", "x")).target_full);
  }
  SECTION("the answer was lost: nothing is sent again") {
    it.transport.answer({.status = 0, .failure = http::TransferFailure::interrupted});
    it.transport.answer(stream("nothing yet"));
    it.transport.answer(stream("x"));
    for (int time = 0; time < 2; ++time) {
      CHECK(
          std::holds_alternative<graph::ImportUncertain>(import(it.service(), kMailbox, "f", "x")));
    }
    CHECK(std::holds_alternative<graph::Imported>(import(it.service(), kMailbox, "f", "x")));
    const auto requests = it.transport.requests();
    CHECK(std::ranges::count_if(requests, [](const test::SentRequest& request) {
            return request.url.find("importJobs") != std::string::npos;
          }) == 1);
  }
  SECTION("the answer was lost, and no job takes as long: the stream is sent again") {
    it.transport.answer({.status = 0, .failure = http::TransferFailure::interrupted});
    CHECK(std::holds_alternative<graph::ImportUncertain>(import(it.service(), kMailbox, "f", "x")));
    it.clock.advance(std::chrono::hours{7});
    it.transport.answer(folder_with(0));
    it.transport.answer({.status = 201, .body = R"({"status":"succeeded"})"});
    CHECK(std::holds_alternative<graph::Imported>(import(it.service(), kMailbox, "f", "x")));
    CHECK(it.transport.requests().back().body == "x");
  }
  SECTION("the job outlasts whoever asks: it is asked about again") {
    it.transport.answer({.status = 202, .body = R"({"id":"j"})"});
    it.transport.answer(test::refusal(404, "ErrorItemNotFound"));
    it.transport.answer({.body = R"({"status":"completed"})"});
    CHECK(std::holds_alternative<graph::ImportUncertain>(import(it.service(), kMailbox, "f", "x")));
    CHECK(std::holds_alternative<graph::Imported>(import(it.service(), kMailbox, "f", "x")));
    CHECK_THAT(it.transport.requests().back().url, test::contains_text("/importJobs/j"));
  }
  SECTION("no job is named") {
    it.transport.answer({.status = 202, .body = "{}"});
    CHECK(std::holds_alternative<graph::ImportUncertain>(import(it.service(), kMailbox, "f", "x")));
  }
  SECTION("nobody can ask about the job") {
    it.transport.answer({.status = 202, .body = R"({"id":"j"})"});
    it.transport.answer(test::refusal(404, "ErrorItemNotFound"));
    CHECK(std::holds_alternative<graph::ImportUncertain>(import(it.service(), kMailbox, "f", "x")));
  }
  SECTION("the job never ends") {
    it.transport.answer({.status = 202, .body = R"({"id":"j"})"});
    it.transport.set_script([](const test::SentRequest&) -> test::ScriptedAnswer {
      return {.body = R"({"status":"running"})"};
    });
    CHECK(std::holds_alternative<graph::ImportUncertain>(import(it.service(), kMailbox, "f", "x")));
  }
  SECTION("throttled, then taken") {
    it.transport.answer(
        test::refusal(429, "ApplicationThrottled", "slower", {{"Retry-After", "3"}}));
    it.transport.answer({.status = 201, .body = R"({"status":"succeeded"})"});
    CHECK(std::holds_alternative<graph::Imported>(import(it.service(), kMailbox, "f", "x")));
    CHECK(it.transport.requests().at(2).body == "x");
  }
}

TEST_CASE("a folder that holds anything else gets nothing", "[graph][folder_jobs]") {
  Scripted it;
  it.transport.answer(folder_with(3));
  it.transport.answer(stream("what lies there"));
  SECTION("something else") {
    const auto refused = std::get<graph::ImportRefused>(import(it.service(), kMailbox, "f", "x"));
    CHECK(refused.error.code == "FolderNotEmpty");
  }
  SECTION("the same: what was sent before an answer got lost") {
    const auto result = import(it.service(), kMailbox, "f", "what lies there");
    CHECK(std::holds_alternative<graph::Imported>(result));
  }
  CHECK(it.transport.requests().size() == 2);
}

TEST_CASE("a folder that may hold something is compared, and one that is gone is not filled",
          "[graph][folder_jobs]") {
  Scripted it;
  SECTION("untold") {
    it.transport.answer({.body = R"({"id":"f","displayName":"F"})"});
    it.transport.answer(stream("x"));
    CHECK(std::holds_alternative<graph::Imported>(import(it.service(), kMailbox, "f", "x")));
  }
  SECTION("gone") {
    it.transport.answer(test::refusal(404, "ErrorItemNotFound"));
    const auto result = import(it.service(), kMailbox, "f", "x");
    CHECK(std::get<graph::ImportRefused>(result).error.is_gone);
  }
  SECTION("not to be read") {
    it.transport.answer(folder_with(3));
    it.transport.answer(test::refusal(400, "ErrorCorruptData"));
    const auto result = import(it.service(), kMailbox, "f", "x");
    CHECK(std::get<graph::ImportRefused>(result).error.code == "NotCompared");
  }
  for (const test::SentRequest& request : it.transport.requests()) {
    CHECK(request.url.find("importJobs") == std::string::npos);
  }
}

TEST_CASE("a mailbox without any folder is an answer that got lost", "[graph][folder_jobs]") {
  Scripted it;
  it.transport.answer({.body = R"({"value":[]})"});
  CHECK(test::error_of([&] { folders_of(it.service(), kMailbox); }).first ==
        base::ErrorKind::protocol);
}

TEST_CASE("a folder is never replaced", "[graph][folder_jobs]") {
  Scripted it;
  TextStream source{"x"};
  const auto result =
      it.service().import_unit(kMailbox, "f", source, graph::ImportOver{"f", ""}, {});
  CHECK(std::get<graph::ImportRefused>(result).error.code == "CannotReplace");
  CHECK(it.transport.requests().empty());
}

TEST_CASE("folders go from one mailbox to another and are the same there",
          "[graph][folder_jobs][simulator]") {
  test::VirtualClock clock;
  simulator::TenantPlan plan;
  plan.mailboxes = 3;
  plan.items = 60;
  plan.bytes = 2'000'000;
  plan.folder_jobs = true;
  simulator::Tenant simulated{plan, clock.now()};
  simulator::SimulatorTransport transport{simulated, clock};
  graph::TenantSettings settings = folder_jobs_settings();
  settings.tenant_id = simulated.world()->tenant_id;
  settings.backup_app.client_id = simulator::kBackupClientId;
  settings.restore_app->client_id = simulator::kRestoreClientId;
  graph::Tenant tenant{std::move(settings), transport, clock};
  std::vector<graph::MailboxId> mailboxes;
  tenant.directory().users(
      [&](const graph::User& user) {
        const auto id = tenant.directory().mailbox_of(user, {});
        if (const auto* found = std::get_if<graph::MailboxId>(&id)) mailboxes.push_back(*found);
      },
      {});
  REQUIRE(mailboxes.size() == 3);
  graph::MailboxService& service = tenant.mailboxes();
  const auto folders = folders_of(service, mailboxes[0]);
  REQUIRE(folders.size() > 10);
  simulated.world()->faults.order(simulator::Fault::cut_body, "export_folder", 1);
  std::size_t filled = 0;
  int number = 0;
  for (const graph::Folder& folder : folders) {
    if (folder.parent_id.empty()) continue;
    const Streams before = export_folders(service, mailboxes[0], {folder.id});
    const std::string& bytes = before.streams.at(folder.id);
    const graph::CreatedFolder made =
        service.create_folder(mailboxes[1], "", base::text("Back ", ++number), "", {});
    const auto result = import(service, mailboxes[1], made.folder.id, bytes);
    CHECK(std::holds_alternative<graph::Imported>(result));
    const Streams after = export_folders(service, mailboxes[1], {made.folder.id});
    CHECK(after.streams.at(made.folder.id) == bytes);
    if (bytes.size() > 100) ++filled;
  }
  CHECK(filled > 3);
  const std::string altered =
      export_folders(service, mailboxes[0], {"inbox"}).streams.at("inbox") + "x";
  const auto made = service.create_folder(mailboxes[1], "", "Altered", "", {});
  const auto refused =
      std::get<graph::ImportRefused>(import(service, mailboxes[1], made.folder.id, altered));
  CHECK(refused.error.code == "ErrorCorruptData");
  CHECK(simulated.world()->statistics.violations.empty());
}

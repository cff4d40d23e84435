#include "tests/e2e/appliance.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/http/curl_transport.h"
#include "tests/support/catch.h"

namespace test {
namespace {

std::vector<std::string> simulator_words(const std::filesystem::path& directory,
                                         std::vector<std::string> options) {
  options.insert(options.begin(), {COFFER_SIMULATOR_PROGRAM, "--directory", directory.string()});
  return options;
}

std::string text_of_file(const std::filesystem::path& path) {
  return std::string{base::as_text(base::read_file(path))};
}

}  // namespace

SimulatorProcess::SimulatorProcess(const std::filesystem::path& directory,
                                   std::vector<std::string> options)
    : process_({simulator_words(directory, std::move(options)), {}}),
      transport_(http::make_curl_transport({})) {
  process_.wait_for_line("coffer-simulator ready");
  endpoints_ = Json::parse(text_of_file(directory / "endpoints.json"));
}

Json SimulatorProcess::get(const std::string& what) {
  http::Request request;
  request.url = endpoints_.at("admin_url").get<std::string>() + "/" + what;
  return ask(std::move(request));
}

Json SimulatorProcess::post(const std::string& what, const Json& body) {
  http::Request request;
  request.method = "POST";
  request.url = endpoints_.at("admin_url").get<std::string>() + "/" + what;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body.dump();
  return ask(std::move(request));
}

Json SimulatorProcess::ask(http::Request request) {
  http::CollectingSink sink{std::size_t{256} << 20};
  const http::Transfer transfer = transport_->perform(request, sink, {});
  INFO(request.url << " " << transfer.detail << " " << sink.text());
  REQUIRE(transfer.arrived());
  REQUIRE(transfer.head.status == 200);
  return Json::parse(sink.text());
}

const Json& Told::summary() const {
  REQUIRE_FALSE(records.empty());
  REQUIRE(records.back().at("type") == "summary");
  return records.back();
}

std::vector<Json> Told::of_type(const std::string& type) const {
  std::vector<Json> chosen;
  for (const Json& record : records) {
    if (record.at("type") == type) chosen.push_back(record);
  }
  return chosen;
}

const Json& Told::error() const {
  const Json* found = nullptr;
  for (const Json& record : records) {
    if (record.at("type") == "error") found = &record;
  }
  REQUIRE(found != nullptr);
  return *found;
}

std::string coffer_program() { return COFFER_PROGRAM; }

Appliance::Appliance(const std::filesystem::path& directory, const std::filesystem::path& site)
    : directory_(directory) {
  std::filesystem::create_directories(directory_);
  write_private_file(passphrase_file(), "correct horse battery staple\n");
  configure(base::text("[store]\nurl = \"store\"\npassphrase_file = \"passphrase\"\n",
                       text_of_file(site / "coffer.toml"),
                       "[policy.nightly]\ntenant = \"contoso\"\n"));
}

CommandLine Appliance::command(std::vector<std::string> words) const {
  words.insert(words.begin(), {COFFER_PROGRAM, "--config", (directory_ / "coffer.toml").string()});
  return {std::move(words), {}};
}

Told Appliance::tell(std::vector<std::string> words) const {
  words.insert(words.begin(), "--json");
  const Finished finished = run(command(std::move(words)));
  return {finished.exit_status, records_of(finished.output), finished.errors};
}

Finished Appliance::show(std::vector<std::string> words) const {
  return run(command(std::move(words)));
}

void Appliance::configure(const std::string& text) {
  configuration_ = text;
  write_private_file(directory_ / "coffer.toml", text);
}

std::vector<Json> records_of(const std::string& output) {
  std::vector<Json> records;
  for (const std::string& line : base::split(output, '\n')) {
    if (line.empty()) continue;
    INFO(line);
    const Json record = Json::parse(line, nullptr, false);
    REQUIRE_FALSE(record.is_discarded());
    REQUIRE(record.contains("type"));
    records.push_back(record);
  }
  return records;
}

void write_private_file(const std::filesystem::path& path, const std::string& text) {
  base::replace_file(path, base::as_bytes(text), 0600);
}

Contents contents_of(const Json& state, const std::string& address, const std::string& below) {
  Contents contents;
  for (const Json& mailbox : state.at("mailboxes")) {
    if (mailbox.value("address", "") != address) continue;
    std::map<std::string, std::string> paths;
    for (const Json& folder : mailbox.at("folders")) paths[folder.at("id")] = folder.at("path");
    for (const Json& item : mailbox.at("items")) {
      std::string path = paths.at(item.at("folder_id"));
      if (!below.empty()) {
        if (!path.starts_with(below + "/")) continue;
        path.erase(0, below.size() + 1);
      }
      contents.emplace(path, item.at("sha256"));
    }
  }
  return contents;
}

}  // namespace test

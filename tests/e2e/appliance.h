// A simulated tenant and an appliance beside it, both as programs: what the end-to-end tests act
// on.
#pragma once

#include "src/base/clock.h"
#include "src/http/transport.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace test {

using Json = nlohmann::json;

// coffer-simulator on free ports.
class SimulatorProcess {
 public:
  // `options` besides --directory: {"--mailboxes", "3", ...}
  SimulatorProcess(const std::filesystem::path& directory, std::vector<std::string> options);

  // GET of the administration: "state", "statistics". Fails the test unless it answers 200.
  Json get(const std::string& what);
  // POST: "evolve", "faults", "operations", ...
  Json post(const std::string& what, const Json& body);
  Json operate(const Json& operation) { return post("operations", operation); }

  [[nodiscard]] const Json& endpoints() const { return endpoints_; }

 private:
  Json ask(http::Request request);

  Process process_;
  Json endpoints_;
  std::unique_ptr<http::Transport> transport_;
};

// What a command of coffer came to, with --json.
struct Told {
  int exit_status = 0;
  std::vector<Json> records;
  std::string errors;  // standard error

  // The last record; fails the test if it is no summary.
  [[nodiscard]] const Json& summary() const;
  // All of that type.
  [[nodiscard]] std::vector<Json> of_type(const std::string& type) const;
  // The only error record; fails the test if there is none.
  [[nodiscard]] const Json& error() const;
};

// Where the program is.
std::string coffer_program();

// A configuration, a store, and the program.
class Appliance {
 public:
  // Both apps sign in with their certificates, as the simulator wrote them. The store's passphrase
  // is made up.
  Appliance(const std::filesystem::path& directory, const std::filesystem::path& site);

  [[nodiscard]] CommandLine command(std::vector<std::string> words) const;
  // With --json.
  [[nodiscard]] Told tell(std::vector<std::string> words) const;
  // As people see it.
  [[nodiscard]] Finished show(std::vector<std::string> words) const;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] std::filesystem::path store() const { return directory_ / "store"; }
  [[nodiscard]] std::filesystem::path passphrase_file() const { return directory_ / "passphrase"; }
  [[nodiscard]] const std::string& configuration() const { return configuration_; }
  // Replaces the configuration file.
  void configure(const std::string& text);

 private:
  std::filesystem::path directory_;
  std::string configuration_;
};

// The records of a program's output, a line each; fails the test for a line that is no JSON.
std::vector<Json> records_of(const std::string& output);

void write_private_file(const std::filesystem::path& path, const std::string& text);

// Pairs of folder path and stream digest.
using Contents = std::multiset<std::pair<std::string, std::string>>;

// What a mailbox holds, from the simulator's state. `below`: only
// the folders below that path, which is cut off.
Contents contents_of(const Json& state, const std::string& address, const std::string& below = {});

}  // namespace test

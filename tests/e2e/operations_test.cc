// packaging/OPERATIONS.md, as it is typed: its commands are those of the program, and a machine
// that was lost comes back with what the document says.
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/cli/arguments.h"
#include "tests/e2e/appliance.h"
#include "tests/support/catch.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace {

using test::Json;
namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  return std::string{base::as_text(base::read_file(file))};
}

// The fenced blocks of shell commands below a heading, or all of them.
std::vector<std::string> shell_blocks(const std::string& heading = {}) {
  std::vector<std::string> blocks;
  bool is_below = heading.empty();
  bool is_inside = false;
  for (const std::string& line : base::split(text_of(COFFER_OPERATIONS), '\n')) {
    if (!is_inside && line.starts_with("## ") && !heading.empty())
      is_below = line == "## " + heading;
    if (line.starts_with("```")) {
      is_inside = line == "```sh";
      if (is_inside && is_below) blocks.emplace_back();
    } else if (is_inside && is_below) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

// As a shell would, for the words that the document uses: quotes, and comments behind a space.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool is_open = false;
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == ' ' && !is_quoted) {
      is_open = false;
      continue;
    } else if (c == '#' && !is_open && !is_quoted) {
      break;
    }
    if (!std::exchange(is_open, true)) words.emplace_back();
    if (c != '"') words.back().push_back(c);
  }
  return words;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// What stands in the document as `coffer ...`, in its blocks and between back quotes.
std::vector<std::string> commands_of_document() {
  std::vector<std::string> commands;
  for (const std::string& block : shell_blocks()) {
    for (std::string line : base::split(block, '\n')) {
      if (line.starts_with("step ")) line = "coffer" + line.substr(4);
      if (line.starts_with("coffer ")) commands.push_back(line.substr(0, line.find(" && ")));
    }
  }
  const std::vector<std::string> quoted = base::split(text_of(COFFER_OPERATIONS), '`');
  for (std::size_t i = 1; i < quoted.size(); i += 2) {
    if (quoted[i].starts_with("coffer ")) commands.push_back(replaced(quoted[i], "\n", " "));
  }
  return commands;
}

// A machine with nothing on it but the program, and a medium with what survived.
class NewMachine {
 public:
  NewMachine(const fs::path& root, const test::Appliance& lost, const fs::path& site)
      : root_(root),
        program_(fs::path{lost.command({}).words.front()}.parent_path()),
        coffer_(root / "etc" / "coffer", site) {
    fs::remove_all(root / "etc");
    fs::create_directories(root / "home");
    fs::create_directories(root / "mnt" / "rescue");
    fs::copy(lost.store(), root / "mnt" / "rescue" / "store", fs::copy_options::recursive);
    for (const std::string app : {"backup", "restore"}) {
      fs::copy(site / (app + "-certificate.pem"), root / "mnt" / "rescue" / (app + ".pem"));
      fs::copy(site / (app + "-key.pem"), root / "mnt" / "rescue" / (app + ".key"));
    }
  }

  void replace(const std::string& what, const std::string& by) { replacements_[what] = by; }

  // The block as typed, but for the places and names of this test; `typed` answers what it asks.
  void type(std::string block, const std::string& typed = {}) {
    for (const std::string place : {"/etc/coffer", "/var/lib/coffer", "/mnt"}) {
      block = replaced(block, place, root_.string().append(place));
    }
    for (const auto& [what, by] : replacements_) block = replaced(block, what, by);
    test::write_private_file(root_ / "block", block);
    test::write_private_file(root_ / "typed", typed);
    test::CommandLine command{{"/bin/sh", "-c", "exec sh -e \"$0/block\" < \"$0/typed\"", root_},
                              {}};
    command.environment["HOME"] = root_ / "home";
    command.environment["PATH"] = program_.string() + ":/usr/bin:/bin";
    command.environment["COFFER_CONFIG"] = root_ / "etc" / "coffer" / "coffer.toml";
    const test::Finished finished = test::run(command);
    INFO(block);
    INFO(finished.output);
    INFO(finished.errors);
    REQUIRE(finished.exit_status == 0);
    said_ = finished.output;
  }

  [[nodiscard]] const std::string& said() const { return said_; }
  [[nodiscard]] const test::Appliance& coffer() const { return coffer_; }

 private:
  fs::path root_;
  fs::path program_;
  test::Appliance coffer_;
  std::map<std::string, std::string> replacements_;
  std::string said_;
};

std::string passphrase_slot(const test::Appliance& coffer) {
  for (const Json& slot : coffer.tell({"key", "list"}).of_type("key_slot")) {
    if (slot.at("kind") == "passphrase") return slot.at("id");
  }
  FAIL("there is no slot of a passphrase");
  return {};
}

}  // namespace

TEST_CASE("every command of the operations document is one of the program", "[e2e][operations]") {
  const std::vector<std::string> commands = commands_of_document();
  CHECK(commands.size() > 60);
  for (const std::string& command : commands) {
    CAPTURE(command);
    const std::vector<std::string> words = words_of(command);
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    try {
      const auto parsed =
          cli::parse_arguments(static_cast<int>(arguments.size()), arguments.data());
      CHECK(std::holds_alternative<cli::Arguments>(parsed));
    } catch (const base::Error& error) {
      FAIL(error.message());
    }
  }
}

TEST_CASE("a lost machine is rebuilt from store, recovery key and certificates alone, as written",
          "[e2e][operations]") {
  const test::TemporaryDirectory directory;
  const fs::path site = directory / "site";
  test::SimulatorProcess simulator{site, {"--mailboxes", "3", "--items", "45", "--bytes", "3MB"}};
  test::Appliance lost{directory / "lost", site};
  const std::string printed = lost.tell({"init"}).summary().at("recovery_key").get<std::string>();
  REQUIRE(lost.tell({"backup"}).exit_status == 0);
  simulator.post("evolve", {{"days", 2}});
  REQUIRE(lost.tell({"backup"}).exit_status == 0);
  const auto points = lost.tell({"snapshots"}).of_type("snapshot");
  REQUIRE(points.size() == 6);
  const std::string address = points.front().at("mailbox");
  const auto then = test::contents_of(simulator.get("state"), address);
  REQUIRE_FALSE(then.empty());
  const std::string old_slot = passphrase_slot(lost);

  NewMachine machine{directory / "new", lost, site};
  fs::remove_all(lost.directory());
  const Json& endpoints = simulator.endpoints();
  const auto of_tenant = [&](const char* name) { return endpoints.at(name).get<std::string>(); };
  machine.replace("tenant_id = \"contoso.onmicrosoft.com\"",
                  base::text("tenant_id = \"", of_tenant("tenant_id"), "\"\nlogin_url = \"",
                             of_tenant("login_url"), "\"\ngraph_url = \"", of_tenant("graph_url"),
                             "\"\nimport_hosts = [\"", of_tenant("import_host"), "\"]"));
  machine.replace("00000000-0000-0000-0000-000000000001", of_tenant("backup_client_id"));
  machine.replace("00000000-0000-0000-0000-000000000002", of_tenant("restore_client_id"));
  machine.replace("anna@contoso.com", address);
  machine.replace("0f3c5e7a9b1d2468", old_slot);
  const std::vector<std::string> steps = shell_blocks("Rebuild a lost machine");
  REQUIRE(steps.size() == 6);

  machine.type(steps[0], printed + "\n");
  machine.type(steps[1]);
  machine.type(steps[2]);
  for (const char* told : {"No damage found.", "6 restore points of 3 mailboxes", "0 failed",
                           "20 of 20 items restored up to the request"}) {
    CHECK_THAT(machine.said(), test::contains_text(told));
  }
  machine.type(steps[3]);
  CHECK(test::contents_of(simulator.get("state"), address, "After the loss") == then);
  machine.type(steps[4]);
  CHECK_THAT(machine.said(), test::contains_text("Removed key slot " + old_slot));
  CHECK_THAT(machine.said(), test::contains_text("New recovery key, shown this once"));
  machine.type(steps[5]);
  CHECK_THAT(machine.said(), test::contains_text("Backup complete: 3 mailboxes"));
  CHECK_THAT(machine.said(), test::contains_text("9 restore points copied"));

  // Nothing was begun anew, and what was typed in opens nothing any more.
  const test::Told again = machine.coffer().tell({"backup"});
  REQUIRE(again.exit_status == 0);
  CHECK(again.summary().at("items").at("stored") == 0);
  test::write_private_file(machine.coffer().passphrase_file(), printed + "\n");
  CHECK(machine.coffer().tell({"snapshots"}).exit_status == 12);
}

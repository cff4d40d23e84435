#include "src/cli/arguments.h"

#include "src/base/error.h"
#include "tests/support/catch.h"

#include <string>
#include <vector>

namespace {

std::variant<cli::Arguments, cli::Information> parse(const std::vector<std::string>& words) {
  std::vector<const char*> arguments{"coffer"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  return cli::parse_arguments(static_cast<int>(arguments.size()), arguments.data());
}

cli::Arguments command(const std::vector<std::string>& words) {
  return std::get<cli::Arguments>(parse(words));
}

std::string complaint(const std::vector<std::string>& words) {
  try {
    parse(words);
    return {};
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return error.message();
  }
}

}  // namespace

TEST_CASE("global options stand before or after the command", "[cli][arguments]") {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--json", "--config", "c.toml", "--no-progress", "stats"},
           {"stats", "--json", "--config", "c.toml", "--no-progress"},
           {"--json", "stats", "--config=c.toml", "--no-progress"}}) {
    const cli::Arguments arguments = command(words);
    CHECK(arguments.command_name == "stats");
    CHECK(arguments.global.json);
    CHECK(arguments.global.no_progress);
    CHECK_FALSE(arguments.global.quiet);
    CHECK(arguments.global.config == "c.toml");
  }
}

TEST_CASE("every option of restore arrives", "[cli][arguments]") {
  const cli::Arguments arguments = command({"restore",       "--folder",
                                            "Inbox/A\\/B",   "a@contoso.example",
                                            "--folder",      "[x, y]",
                                            "--item",        "AAMk=",
                                            "--item",        "AAMl=",
                                            "--at",          "2026-11-23 02:00",
                                            "--to",          "b@contoso.example",
                                            "--into",        "Back/Again",
                                            "--on-conflict", "replace",
                                            "--dry-run",     "--reason",
                                            "asked for",     "--quiet"});
  const auto& options = std::get<cli::RestoreOptions>(arguments.command);
  CHECK(options.mailbox == "a@contoso.example");
  CHECK(options.folders == std::vector<std::string>{"Inbox/A\\/B", "[x, y]"});
  CHECK(options.items == std::vector<std::string>{"AAMk=", "AAMl="});
  CHECK(options.at == "2026-11-23 02:00");
  CHECK(options.to == "b@contoso.example");
  CHECK(options.into == "Back/Again");
  CHECK(options.on_conflict == restore::OnConflict::replace);
  CHECK(options.dry_run);
  CHECK_FALSE(options.in_place);
  CHECK(options.reason == "asked for");
  CHECK(arguments.global.quiet);
}

TEST_CASE("commands have their defaults", "[cli][arguments]") {
  const auto backup =
      std::get<cli::BackupOptions>(command({"backup", "a@x", "b@x", "--full"}).command);
  CHECK(backup.mailboxes == std::vector<std::string>{"a@x", "b@x"});
  CHECK(backup.full);
  CHECK_FALSE(backup.policy);
  CHECK(std::get<cli::LsOptions>(command({"ls", "a@x"}).command).at == "latest");
  const auto diff =
      std::get<cli::DiffOptions>(command({"diff", "a@x", "--from", "2026-11-20"}).command);
  CHECK(diff.mailbox == "a@x");
  CHECK(diff.from == "2026-11-20");
  CHECK(diff.to == "latest");
  CHECK(std::get<cli::CheckOptions>(command({"check"}).command).level ==
        store::CheckLevel::structure);
  CHECK(std::get<cli::CheckOptions>(command({"check", "--level", "full"}).command).level ==
        store::CheckLevel::full);
  const auto scrub = std::get<cli::CheckOptions>(
      command({"check", "--level", "scrub", "--rate", "50MiB", "--limit-time", "30m"}).command);
  CHECK(scrub.level == store::CheckLevel::scrub);
  CHECK(scrub.scrub.bytes_per_second == std::uint64_t{50} << 20);
  CHECK(scrub.scrub.time_limit == std::chrono::minutes{30});
  CHECK_FALSE(scrub.repair);
  CHECK(std::get<cli::CheckOptions>(command({"check", "--repair"}).command).repair);
  CHECK_FALSE(std::get<cli::SnapshotsOptions>(command({"snapshots"}).command).mailbox);
  CHECK(
      std::get<cli::ExtractOptions>(command({"extract", "a@x", "--output", "/o"}).command).output ==
      "/o");
}

TEST_CASE("commands below a command have a name of two words", "[cli][arguments]") {
  const cli::Arguments add = command({"key", "add", "--json", "--key-file", "/k"});
  CHECK(add.command_name == "key add");
  CHECK(add.global.json);
  CHECK(std::get<cli::KeyAddOptions>(add.command).key_file == "/k");
  CHECK(command({"alert", "test", "--json"}).command_name == "alert test");
  const auto remove = std::get<cli::KeyRemoveOptions>(
      command({"key", "remove", "0123456789abcdef", "--force"}).command);
  CHECK(remove.slot == "0123456789abcdef");
  CHECK(remove.force);
  const auto recovery = std::get<cli::KeyRecoveryOptions>(
      command({"key", "recovery", "--recovery-key-file", "/r"}).command);
  CHECK(recovery.recovery_key_file == "/r");
  CHECK(command({"key", "rotate"}).command_name == "key rotate");
  for (const char* word : {"add", "recovery"}) {
    const std::vector<const char*> words{"coffer", "--json", "key", word, "--wrong"};
    CHECK(cli::command_asked_for(static_cast<int>(words.size()), words.data()) ==
          std::string{"key "} + word);
  }
}

TEST_CASE("a scrub's pace is a size and a duration, and nobody else's", "[cli][arguments]") {
  CHECK(complaint({"check", "--level", "scrub", "--rate", "50"}) ==
        "--rate takes a size per second in KiB, MiB or GiB, such as 50MiB, not '50'");
  CHECK(complaint({"check", "--level", "scrub", "--limit-time", "0m"}) ==
        "--limit-time takes a duration in s, m, h or d, such as 30m, not '0m'");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"check", "--rate", "50MiB"},
           {"check", "--level", "full", "--limit-time", "1h"},
           {"check", "--level", "scrub", "--repair", "--rate", "50MiB"}}) {
    CHECK(complaint(words) == "--rate and --limit-time are for --level scrub without --repair");
  }
}

TEST_CASE("a drill takes a number of items that makes sense, and a seed", "[cli][arguments]") {
  const auto usual = std::get<cli::DrillOptions>(command({"drill"}).command);
  CHECK(usual.items == 20);
  CHECK(usual.seed == 0);
  const auto given = std::get<cli::DrillOptions>(
      command({"drill", "--items", "1000000", "--seed", "4294967295"}).command);
  CHECK(given.items == 1'000'000);
  CHECK(given.seed == 4'294'967'295);
  for (const char* wrong : {"0", "-1", "1000001", "1e3", "20 ", "+5", "99999999999999999999"}) {
    CAPTURE(wrong);
    CHECK(complaint({"drill", std::string{"--items="} + wrong}) ==
          std::string{"--items takes a number from 1 to 1000000, not '"} + wrong + "'");
  }
  for (const char* wrong : {"0", "4294967296", "seed"}) {
    CHECK(complaint({"drill", "--seed", wrong}) ==
          std::string{"--seed takes a number from 1 to 4294967295, not '"} + wrong + "'");
  }
}

TEST_CASE("a mistake on the command line names the nearest thing", "[cli][arguments]") {
  struct Row {
    std::vector<std::string> words;
    std::string told;
  };
  const std::vector<Row> table{
      {{}, "no command is given"},
      {{"--json"}, "no command is given"},
      {{"bakcup"}, "unknown command 'bakcup'; did you mean 'backup'?"},
      {{"dril"}, "unknown command 'dril'; did you mean 'drill'?"},
      {{"drill", "--item", "5"}, "unknown option '--item'; did you mean '--items'?"},
      {{"backup", "--ful"}, "unknown option '--ful'; did you mean '--full'?"},
      {{"backup", "--polcy=nightly"}, "unknown option '--polcy'; did you mean '--policy'?"},
      {{"stats", "--jsno"}, "unknown option '--jsno'; did you mean '--json'?"},
      {{"ls"}, "mailbox"},
      {{"ls", "--foldr", "Inbox"}, "unknown option '--foldr'; did you mean '--folder'?"},
      {{"stats", "more"}, "'stats' does not take 'more'"},
      {{"check", "--level", "ful"},
       "--level takes structure, scrub, full, not 'ful'; did you mean 'full'?"},
      {{"check", "--level", "drill"}, "--level takes structure, scrub, full, not 'drill'"},
      {{"restore", "a@x", "--on-conflict", "overwrite"}, "--on-conflict takes skip, copy, replace"},
      {{"restore", "a@x", "--in-place", "--into", "X"}, "--in-place"},
      {{"extract", "a@x"}, "--output"},
      {{"stats", "--config"}, "--config"},
      {{"key"}, "'key' takes list, add, remove, rotate, recovery"},
      {{"key", "lsit"}, "unknown command 'key lsit'; did you mean 'list'?"},
      {{"key", "add"}, "--passphrase-file PATH or --key-file PATH"},
      {{"key", "add", "--passphrase-file", "a", "--key-file", "b"}, "--key-file"},
      {{"key", "add", "--passphras-file", "x"}, "did you mean '--passphrase-file'?"},
      {{"key", "remove"}, "slot"},
      {{"key", "list", "more"}, "'key list' does not take 'more'"},
  };
  for (const Row& row : table) {
    CAPTURE(row.words);
    CHECK_THAT(complaint(row.words), test::contains_text(row.told));
  }
}

TEST_CASE("help and version are information, not errors", "[cli][arguments]") {
  const auto version = std::get<cli::Information>(parse({"--version"}));
  CHECK_THAT(version.text, test::contains_text("coffer "));
  const auto help = std::get<cli::Information>(parse({"--help"}));
  for (const char* name :
       {"init", "doctor", "mailboxes", "backup", "snapshots", "ls", "find", "diff", "restore",
        "extract", "check", "drill", "rebuild-index", "copy", "stats"}) {
    CHECK_THAT(help.text, test::contains_text(name));
  }
  CHECK_THAT(std::get<cli::Information>(parse({"restore", "--help"})).text,
             test::contains_text("--on-conflict"));
}

TEST_CASE("a line that makes no sense still tells the command and the form of errors",
          "[cli][arguments]") {
  const std::vector<const char*> words{"coffer", "--nonsense", "backup", "--json"};
  CHECK(cli::asks_for_json(4, words.data()));
  CHECK(cli::command_asked_for(4, words.data()) == "backup");
  CHECK_FALSE(cli::asks_for_json(3, words.data()));
  CHECK(cli::command_asked_for(2, words.data()).empty());
}

TEST_CASE("forget is told one thing at a time, and all of it counts", "[cli][arguments]") {
  const auto named = std::get<cli::ForgetOptions>(
      command({"forget", "--mailbox", "a@x", "--snapshot", "x", "--snapshot", "y"}).command);
  CHECK(named.mailbox == "a@x");
  CHECK(named.snapshots == std::vector<std::string>{"x", "y"});
  const auto undo =
      std::get<cli::ForgetOptions>(command({"forget", "--undo", "x", "--dry-run"}).command);
  CHECK(undo.dry_run);

  const std::vector<std::vector<std::string>> ways{
      {"--policy", "p"}, {"--snapshot", "x"}, {"--undo", "x"}, {"--list"}};
  for (const auto& one : ways) {
    for (const auto& other : ways) {
      if (&one == &other) continue;
      std::vector<std::string> words{"forget"};
      words.insert(words.end(), one.begin(), one.end());
      words.insert(words.end(), other.begin(), other.end());
      CAPTURE(words);
      CHECK_THAT(complaint(words), test::contains_text("only one of these"));
    }
  }
  CHECK_THAT(complaint({"forget", "--list", "--mailbox", "a@x"}),
             test::contains_text("only one of these"));
  CHECK_THAT(complaint({"forget", "--reason", "why"}), test::contains_text("--reason is for"));
}

// coffer-bench: the store beside the programs that people use today, and beside what the machine
// gives, on the same data in one run. `coffer-bench store` drives the store alone, from a directory
// of files.
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/bench/report.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

struct CompareOptions {
  bench::CorpusShape shape;
  std::filesystem::path work;
  std::filesystem::path json;
  std::size_t rounds = 1;
  bool no_peers = false;
  bool keep = false;
};

struct StoreOptions {
  bench::StorePaths paths;
  std::filesystem::path from;
  std::optional<std::uint64_t> expected_bytes;
  std::size_t lanes = std::max(1U, std::thread::hardware_concurrency());
  bool known_is_read = false;
};

void tell(const std::string& line) { fmt::print(stderr, "{}\n", line); }

// Goes away with what is in it, unless it is kept.
class WorkDirectory {
 public:
  WorkDirectory(const std::filesystem::path& parent, bool keep) : keep_(keep) {
    std::filesystem::create_directories(parent);
    std::string name = (parent / "coffer-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw base::system_error("making " + name, errno);
    path_ = name;
  }
  ~WorkDirectory() {
    std::error_code ignored;
    if (!keep_) std::filesystem::remove_all(path_, ignored);
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool keep_;
};

std::vector<bench::Contestant> installed(const std::filesystem::path& work,
                                         const bench::WrittenCorpus& corpus, bool with_peers) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  std::vector<bench::Contestant> all = bench::contestants(self, work, corpus, with_peers);
  std::erase_if(all, [](const bench::Contestant& contestant) {
    if (bench::is_installed(contestant.program)) return false;
    tell(contestant.program + " is not installed: left out");
    return true;
  });
  return all;
}

void compare(const CompareOptions& options) {
  const std::filesystem::path parent =
      options.work.empty() ? std::filesystem::temp_directory_path() : options.work;
  const WorkDirectory work{parent, options.keep};
  const bench::Days days{work.path() / "first", work.path() / "second", work.path() / "corpus"};
  bench::Report report;
  report.shape = options.shape;
  tell("making the corpus");
  report.corpus = bench::write_corpus(options.shape, {}, days.first, days.second);
  const std::filesystem::path stores = work.path() / "stores";
  const auto contestants = installed(stores, report.corpus, !options.no_peers);
  for (const bench::Contestant& each : contestants) report.results.push_back({each.name, {}});
  // A round after the other, so that a noisy minute does not hit one of them alone.
  for (std::size_t round = 1; round <= options.rounds; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      tell(base::text("round ", round, ": ", contestants[i].name));
      report.results[i].runs.push_back(bench::run(contestants[i], days));
      std::filesystem::remove_all(stores);
    }
  }
  tell("zstd and SHA-256");
  report.zstd = bench::compress_corpus(days.first);
  report.sha256 = bench::hash_corpus(days.first);
  fmt::print("{}", bench::table(report));
  if (!options.json.empty()) {
    base::replace_file(options.json, base::as_bytes(bench::json(report) + "\n"), 0644);
  }
  if (options.keep) fmt::print("kept: {}\n", work.path().string());
}

void declare_compare(CLI::App& app, CompareOptions& options) {
  const CLI::AsSizeValue size{false};
  app.add_option("--bytes", options.shape.bytes, "of the first day: 250MB, 2GiB")->transform(size);
  app.add_option("--seed", options.shape.seed, "the corpus grows from it");
  app.add_option("--rounds", options.rounds, "medians are of so many")->check(CLI::Range(1, 99));
  app.add_option("--work", options.work, "where to make a directory for it all");
  app.add_option("--json", options.json, "a file for the figures");
  app.add_flag("--no-peers", options.no_peers, "coffer's store alone");
  app.add_flag("--keep", options.keep, "leave corpus and stores there");
}

// Each verb tells what it did and cost as a line of JSON.
void declare_store(CLI::App& store, StoreOptions& options) {
  const auto verb = [&](const char* name, const char* what, std::function<bench::Work()> act) {
    CLI::App& app = *store.add_subcommand(name, what);
    app.add_option("--store", options.paths.store, "its directory")->required();
    app.add_option("--index", options.paths.index, "the directory of its index")->required();
    app.callback([act = std::move(act), &options] {
      const bench::Work work = act();
      if (options.expected_bytes && work.bytes != *options.expected_bytes) {
        throw base::Error{
            base::ErrorKind::failed,
            base::text(work.bytes, " bytes were handled, not ", *options.expected_bytes)};
      }
      fmt::print("{}", bench::to_line(work));
    });
    return &app;
  };
  verb("init", "make a store", [&] {
    bench::create_store(options.paths);
    return bench::Work{};
  });
  CLI::App* backup = verb("backup", "a restore point of each folder of files", [&] {
    return bench::back_up(options.paths, options.from, options.lanes, options.known_is_read);
  });
  backup->add_option("--from", options.from, "DIRECTORY/<mailbox>/<item>")->required();
  backup->add_flag("--known-is-read", options.known_is_read, "read what is as it was, too");
  CLI::App* restore = verb("restore", "read everything, proven, and drop it",
                           [&] { return bench::restore(options.paths, options.lanes); });
  for (CLI::App* app : {backup, restore}) {
    app->add_option("--lanes", options.lanes, "mailboxes at a time")->check(CLI::Range(1, 256));
    app->add_option("--expected-bytes", options.expected_bytes, "anything else is an error");
  }
  verb("check", "a full check", [&] { return bench::check_store(options.paths); });
  verb("prune", "let all but the newest restore points go, and prune",
       [&] { return bench::prune(options.paths); });
  store.require_subcommand(1);
}

int run(int count, char** values) {
  CLI::App app{"coffer's store beside its peers, in one run on the same data"};
  CompareOptions options;
  StoreOptions store_options;
  declare_compare(app, options);
  CLI::App& store = *app.add_subcommand("store", "drive the store alone");
  for (CLI::Option* option : app.get_options()) {
    if (option != app.get_help_ptr()) store.excludes(option);  // they say nothing to it
  }
  declare_store(store, store_options);
  try {
    app.parse(count, values);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!store.parsed()) compare(options);
  return 0;
}

}  // namespace

int main(int count, char** values) {
  try {
    return run(count, values);
  } catch (...) {
    fmt::print(stderr, "coffer-bench: {}\n", base::current_error().what());
    return 1;
  }
}

#include "tests/bench/contestants.h"

#include <algorithm>
#include <utility>

namespace bench {
namespace {

using Words = std::vector<std::string>;

// What all runs of a program begin with, and what one of them adds.
class Command {
 public:
  explicit Command(Words always) : always_(std::move(always)) {}
  Words operator()(const Words& more) const {
    Words words = always_;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

 private:
  Words always_;
};

Contestant coffer(const std::filesystem::path& program, const std::filesystem::path& work,
                  const WrittenCorpus& corpus) {
  const std::string store = (work / "store").string();
  const auto words = [&](const char* verb, const Words& more = {}) {
    return Command{{program.string(), "store", verb, "--store", store, "--index",
                    (work / "index").string()}}(more);
  };
  const auto backup = [&](std::uint64_t bytes, const Words& more = {}) {
    return words("backup",
                 Command{{"--from", ".", "--expected-bytes", std::to_string(bytes)}}(more));
  };
  const std::uint64_t first = corpus.first.bytes;
  const DaySummary& second = corpus.second;
  Contestant contestant{"coffer", program.string(), {}, {words("init")}, {}, store};
  contestant.phases = {
      {Phase::first, {backup(first)}},
      {Phase::known, {backup(first, {"--known-is-read"})}},
      {Phase::second, {backup(second.new_bytes)}},
      {Phase::restore, {words("restore", {"--expected-bytes", std::to_string(second.bytes)})}},
      {Phase::check, {words("check")}},
      {Phase::prune, {words("prune")}}};
  return contestant;
}

Contestant restic(const std::filesystem::path& work) {
  const std::string repository = (work / "repository").string();
  const Command restic{
      {"restic", "--quiet", "--cache-dir", (work / "cache").string(), "--repo", repository}};
  Contestant contestant{"restic",           "restic", {{"RESTIC_PASSWORD", "guards nothing"}},
                        {restic({"init"})}, {},       repository};
  contestant.phases = {{Phase::first, {restic({"backup", "."})}},
                       {Phase::known, {restic({"backup", "--force", "."})}},
                       {Phase::second, {restic({"backup", "."})}},
                       {Phase::restore, {restic({"dump", "latest", "/"})}},
                       {Phase::check, {restic({"check", "--read-data"})}},
                       {Phase::prune, {restic({"forget", "--keep-last", "1", "--prune"})}}};
  return contestant;
}

Contestant borg(const std::string& name, const std::string& chunker,
                const std::filesystem::path& work) {
  const std::string repository = (work / "repository").string();
  const auto create = [&](const std::string& archive, const std::string& files_cache) {
    return Words{"borg",
                 "create",
                 "--compression",
                 "zstd,3",
                 "--files-cache",
                 files_cache,
                 "--chunker-params",
                 chunker,
                 repository + "::" + archive,
                 "."};
  };
  Contestant contestant{name,
                        "borg",
                        {{"BORG_PASSPHRASE", "guards nothing"}, {"BORG_BASE_DIR", work.string()}},
                        {{"borg", "init", "--encryption", "repokey", repository}},
                        {},
                        repository};
  contestant.phases = {
      {Phase::first, {create("first", "ctime,size,inode")}},
      {Phase::known, {create("known", "disabled")}},
      {Phase::second, {create("second", "ctime,size,inode")}},
      {Phase::restore, {{"borg", "export-tar", repository + "::second", "-"}}},
      {Phase::check, {{"borg", "check", "--verify-data", repository}}},
      {Phase::prune,
       {{"borg", "delete", repository, "first", "known"}, {"borg", "compact", repository}}}};
  return contestant;
}

// Encrypts nothing.
Contestant bup(const std::filesystem::path& work) {
  const std::string repository = (work / "repository").string();
  const std::string restored = (work / "restored").string();
  const auto save = [](const char* branch) {
    return Words{"bup", "save", "-q", "-n", branch, "."};
  };
  const Words index{"bup", "index", "."};
  Contestant contestant{"bup", "bup", {{"BUP_DIR", repository}}, {{"bup", "init"}}, {}, repository};
  contestant.phases = {
      {Phase::first, {index, save("first")}},
      {Phase::second, {index, save("second")}},
      {Phase::restore, {{"bup", "restore", "-q", "-C", restored, "/second/latest/"}}},
      {Phase::check, {{"bup", "fsck"}}},
      {Phase::prune, {{"bup", "rm", "--unsafe", "first"}, {"bup", "gc", "--unsafe"}}}};
  return contestant;
}

// Encrypts nothing.
Contestant casync(const std::filesystem::path& work) {
  const std::string store = "--store=" + (work / "repository/all.castr").string();
  const auto archive = [&](const char* day) {
    return (work / "repository" / (std::string{day} + ".caidx")).string();
  };
  const auto make = [&](const char* day) {
    return Words{"casync", "make", store, archive(day), "."};
  };
  Contestant contestant{"casync", "casync",
                        {},       {{"mkdir", "-p", (work / "repository").string()}},
                        {},       work / "repository"};
  contestant.phases = {
      {Phase::first, {make("first")}},
      {Phase::second, {make("second")}},
      {Phase::restore,
       {{"casync", "extract", store, archive("second"), (work / "restored").string()}}},
      {Phase::check, {{"casync", "digest", store, archive("second")}}},
      {Phase::prune, {{"casync", "gc", store, archive("second")}}}};
  return contestant;
}

void add(const Cost& cost, Cost& sum) {
  sum.wall_seconds += cost.wall_seconds;
  sum.cpu_seconds += cost.cpu_seconds;
  sum.peak_memory_bytes = std::max(sum.peak_memory_bytes, cost.peak_memory_bytes);
}

// A day in the place of the corpus.
class Standing {
 public:
  Standing(const std::filesystem::path& day, const std::filesystem::path& current)
      : day_(day), current_(current) {
    std::filesystem::rename(day_, current_);
  }
  ~Standing() {
    std::error_code ignored;  // what is left behind is left to whoever looks
    std::filesystem::rename(current_, day_, ignored);
  }
  Standing(const Standing&) = delete;
  Standing& operator=(const Standing&) = delete;

 private:
  std::filesystem::path day_;
  std::filesystem::path current_;
};

}  // namespace

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::first:
      return "first";
    case Phase::known:
      return "known";
    case Phase::second:
      return "second";
    case Phase::restore:
      return "restore";
    case Phase::check:
      return "check";
    case Phase::prune:
      return "prune";
  }
  return "unknown";
}

std::vector<Contestant> contestants(const std::filesystem::path& coffer_bench,
                                    const std::filesystem::path& work, const WrittenCorpus& corpus,
                                    bool with_peers) {
  std::vector<Contestant> all{coffer(coffer_bench, work / "coffer", corpus)};
  if (!with_peers) return all;
  all.push_back(restic(work / "restic"));
  all.push_back(borg("borg", "buzhash,19,23,21,4095", work / "borg"));
  all.push_back(borg("borg, 64 KiB", "buzhash,14,18,16,4095", work / "borg-small"));
  all.push_back(bup(work / "bup"));
  all.push_back(casync(work / "casync"));
  return all;
}

Figures run(const Contestant& contestant, const Days& days) {
  std::filesystem::create_directories(contestant.repository.parent_path());
  const auto start = [&](const Words& words, const std::filesystem::path& directory) {
    Program program;
    program.arguments = words;
    program.environment = contestant.environment;
    program.directory = directory;
    return measure(program);
  };
  for (const Words& words : contestant.prepare) start(words, {});
  Figures figures;
  for (const Phase phase : kPhases) {
    const auto commands = contestant.phases.find(phase);
    if (commands == contestant.phases.end()) continue;
    const bool is_first_day = phase == Phase::first || phase == Phase::known;
    const Standing standing{is_first_day ? days.first : days.second, days.current};
    Cost& sum = figures.costs[phase];
    for (const Words& words : commands->second) add(start(words, days.current), sum);
    figures.repository_bytes[phase] = size_of_tree(contestant.repository);
  }
  return figures;
}

}  // namespace bench

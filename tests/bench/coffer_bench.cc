// coffer-bench: the store beside restic and borg, and beside what the machine gives, on the same
// data in one run.
//
//   coffer-bench [--bytes N] [--seed N] [--work DIR] [--json FILE] [--no-peers] [--keep]
//
// Each phase of ours runs in a process of its own, which is this program called with --phase.
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/bench/report.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>

namespace {

using bench::Cost;
using bench::PhaseResult;

struct Arguments {
  bench::CorpusShape shape;
  std::filesystem::path work;
  std::filesystem::path json;
  std::string phase;
  bool peers = true;
  bool keep = false;
};

std::uint64_t parse_size(const std::string& text) {
  std::size_t used = 0;
  const std::uint64_t value = std::stoull(text, &used);
  const std::string unit = text.substr(used);
  for (const auto& [name, factor] : {std::pair{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}}) {
    if (unit == name) return value << factor;
  }
  throw base::Error{base::ErrorKind::usage,
                    base::text("unknown unit in ", text, ": KiB, MiB or GiB")};
}

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    if (name == "--no-peers") {
      arguments.peers = false;
    } else if (name == "--keep") {
      arguments.keep = true;
    } else if (++i == count) {
      throw base::Error{base::ErrorKind::usage, name + " needs a value, or is unknown"};
    } else if (name == "--bytes") {
      arguments.shape.bytes = parse_size(values[i]);
    } else if (name == "--seed") {
      arguments.shape.seed = std::stoull(values[i]);
    } else if (name == "--work") {
      arguments.work = values[i];
    } else if (name == "--json") {
      arguments.json = values[i];
    } else if (name == "--phase") {
      arguments.phase = values[i];
    } else {
      throw base::Error{base::ErrorKind::usage, "unknown argument " + name};
    }
  }
  return arguments;
}

void tell(const std::string& line) { fmt::print(stderr, "{}\n", line); }

std::filesystem::path make_work_directory(const Arguments& arguments) {
  const std::filesystem::path parent =
      arguments.work.empty() ? std::filesystem::temp_directory_path() : arguments.work;
  std::filesystem::create_directories(parent);
  std::string name = (parent / "coffer-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw base::system_error("making " + name, errno);
  return name;
}

struct Paths {
  explicit Paths(const std::filesystem::path& work)
      : corpus(work / "corpus"), store{work / "store", work / "index"}, figures(work / "figures") {}
  std::filesystem::path corpus;
  bench::StorePaths store;
  std::filesystem::path figures;  // of the last phase
};

// What the child does: the phase, then its figures as one line.
void run_phase(const Arguments& arguments) {
  const Paths paths{arguments.work};
  PhaseResult result;
  if (arguments.phase == "create") {
    bench::create_store(paths.store);
  } else if (arguments.phase == "ingest") {
    result = bench::ingest(paths.store, paths.corpus);
  } else if (arguments.phase == "restore") {
    result = bench::restore(paths.store);
  } else if (arguments.phase == "check") {
    result = bench::check_store(paths.store);
  } else {
    throw base::Error{base::ErrorKind::usage, "unknown phase " + arguments.phase};
  }
  fmt::print("{}", bench::to_line(result));
}

// What the parent does: the cost of the whole process, and what the phase itself says.
Cost start_phase(const std::string& phase, const std::filesystem::path& work, PhaseResult& result) {
  tell("coffer: " + phase);
  const Paths paths{work};
  bench::Program program;
  program.arguments = {std::filesystem::read_symlink("/proc/self/exe").string(), "--phase", phase,
                       "--work", work.string()};
  program.output = paths.figures;
  const Cost cost = bench::measure(program);
  result = bench::parse_line(base::as_text(base::read_file(paths.figures)));
  return cost;
}

void expect_all(const char* phase, const PhaseResult& result, const bench::CorpusSummary& corpus) {
  if (result.bytes == corpus.bytes) return;
  throw base::Error{base::ErrorKind::failed,
                    base::text(phase, " handled ", result.bytes, " bytes of ", corpus.bytes)};
}

bench::Report run_all(const Arguments& arguments, const std::filesystem::path& work) {
  const Paths paths{work};
  bench::Report report;
  report.shape = arguments.shape;
  tell("making the corpus");
  report.corpus = bench::write_corpus(arguments.shape, paths.corpus);

  PhaseResult none;
  start_phase("create", work, none);
  report.coffer.name = "coffer";
  report.coffer.new_data = start_phase("ingest", work, report.ingest_new);
  expect_all("ingest of new data", report.ingest_new, report.corpus);
  report.coffer.stored_bytes = bench::size_of_tree(paths.store.store);
  report.coffer.known_data = start_phase("ingest", work, report.ingest_known);
  expect_all("ingest of known data", report.ingest_known, report.corpus);
  if (report.ingest_known.stored_bytes != 0) {
    throw base::Error{
        base::ErrorKind::failed,
        base::text("known data was stored again: ", report.ingest_known.stored_bytes, " bytes")};
  }
  report.coffer.restore = start_phase("restore", work, report.restore);
  expect_all("restore", report.restore, report.corpus);
  report.coffer.check = start_phase("check", work, report.check);

  tell("zstd and SHA-256");
  report.zstd = bench::compress_corpus(paths.corpus);
  report.sha256 = bench::hash_corpus(paths.corpus);
  if (arguments.peers) report.peers = bench::measure_peers(paths.corpus, work / "peers", &tell);
  return report;
}

void run(const Arguments& arguments) {
  if (!arguments.phase.empty()) return run_phase(arguments);
  const std::filesystem::path work = make_work_directory(arguments);
  const bench::Report report = run_all(arguments, work);
  fmt::print("{}", bench::table(report));
  if (!arguments.json.empty()) {
    base::replace_file(arguments.json, base::as_bytes(bench::json(report) + "\n"), 0644);
  }
  if (arguments.keep) {
    fmt::print("kept: {}\n", work.string());
  } else {
    std::filesystem::remove_all(work);
  }
}

}  // namespace

int main(int count, char** values) {
  try {
    run(parse(count, values));
    return 0;
  } catch (...) {
    const base::Error error = base::current_error();
    fmt::print(stderr, "coffer-bench: {}\n", error.what());
    return error.kind() == base::ErrorKind::usage ? 2 : 1;
  }
}

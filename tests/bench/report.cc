#include "tests/bench/report.h"

#include "src/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <optional>

namespace bench {
namespace {

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

double ratio(double value, double to) { return to > 0 ? value / to : 0; }

// Of all rounds; empty if the program cannot do that.
std::optional<Cost> median_cost(const Result& result, Phase phase) {
  std::vector<Cost> costs;
  for (const Figures& run : result.runs) {
    const auto found = run.costs.find(phase);
    if (found != run.costs.end()) costs.push_back(found->second);
  }
  if (costs.empty()) return std::nullopt;
  return median(costs);
}

std::uint64_t median_bytes(const Result& result,
                           const std::function<std::uint64_t(const Figures&)>& of) {
  std::vector<std::uint64_t> values;
  for (const Figures& run : result.runs) values.push_back(of(run));
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

// What the repository holds after the first day, what the second one adds, and what a prune frees.
std::uint64_t stored_bytes(const Result& result) {
  return median_bytes(result,
                      [](const Figures& run) { return run.repository_bytes.at(Phase::first); });
}

std::uint64_t added_bytes(const Result& result) {
  return median_bytes(result, [](const Figures& run) {
    const auto known = run.repository_bytes.find(Phase::known);
    const std::uint64_t before =
        known == run.repository_bytes.end() ? run.repository_bytes.at(Phase::first) : known->second;
    return run.repository_bytes.at(Phase::second) - before;
  });
}

std::uint64_t freed_bytes(const Result& result) {
  return median_bytes(result, [](const Figures& run) {
    const std::uint64_t before = run.repository_bytes.at(Phase::second);
    return before - std::min(before, run.repository_bytes.at(Phase::prune));
  });
}

std::uint64_t most_memory(const Result& result) {
  std::uint64_t most = 0;
  for (const Phase phase : kPhases) {
    if (const auto cost = median_cost(result, phase))
      most = std::max(most, cost->peak_memory_bytes);
  }
  return most;
}

using FigureOf = std::function<double(const Cost&)>;
double wall(const Cost& cost) { return cost.wall_seconds; }
double cpu(const Cost& cost) { return cost.cpu_seconds; }

std::string row(const Result& result, const FigureOf& of) {
  std::string text = fmt::format("{:<16}", result.name);
  for (const Phase phase : kPhases) {
    const auto cost = median_cost(result, phase);
    text += cost ? fmt::format("{:>9.2f}", of(*cost)) : fmt::format("{:>9}", "-");
  }
  return text + "\n";
}

// Ours as a share of theirs: below one is better.
std::string share_row(const Result& ours, const Result& theirs, const FigureOf& of) {
  std::string text = fmt::format("  of {:<11}", theirs.name);
  for (const Phase phase : kPhases) {
    const auto our_cost = median_cost(ours, phase);
    const auto their_cost = median_cost(theirs, phase);
    text += our_cost && their_cost ? fmt::format("{:>9.2f}", ratio(of(*our_cost), of(*their_cost)))
                                   : fmt::format("{:>9}", "-");
  }
  return text + "\n";
}

std::string costs_table(const Report& report, const std::string& title, const FigureOf& of) {
  std::string text = fmt::format("\n{}\n{:<16}", title, "");
  for (const Phase phase : kPhases) text += fmt::format("{:>9}", name(phase));
  text += "\n";
  for (const Result& result : report.results) text += row(result, of);
  for (auto peer = report.results.begin() + 1; peer != report.results.end(); ++peer) {
    text += share_row(report.results.front(), *peer, of);
  }
  return text;
}

std::string sizes_table(const Report& report) {
  std::string text = fmt::format("\nMB\n{:<16}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "", "stored", "of data",
                                 "day adds", "freed", "RSS");
  for (const Result& result : report.results) {
    const double stored = megabytes(stored_bytes(result));
    text += fmt::format("{:<16}{:>9.1f}{:>9.3f}{:>9.1f}{:>9.1f}{:>9.0f}\n", result.name, stored,
                        ratio(stored, megabytes(report.corpus.first.bytes)),
                        megabytes(added_bytes(result)), megabytes(freed_bytes(result)),
                        megabytes(most_memory(result)));
  }
  const Result& ours = report.results.front();
  for (auto peer = report.results.begin() + 1; peer != report.results.end(); ++peer) {
    text += fmt::format("  of {:<11}{:>9.2f}{:>9}{:>9.2f}\n", peer->name,
                        ratio(megabytes(stored_bytes(ours)), megabytes(stored_bytes(*peer))), "",
                        ratio(megabytes(added_bytes(ours)), megabytes(added_bytes(*peer))));
  }
  return text;
}

nlohmann::json to_json(const Cost& cost) {
  return {{"wall_seconds", cost.wall_seconds},
          {"cpu_seconds", cost.cpu_seconds},
          {"peak_memory_bytes", cost.peak_memory_bytes}};
}

nlohmann::json to_json(const Result& result) {
  nlohmann::json phases;
  for (const Phase phase : kPhases) {
    const auto cost = median_cost(result, phase);
    if (!cost) continue;
    nlohmann::json runs = nlohmann::json::array();
    for (const Figures& run : result.runs) runs.push_back(to_json(run.costs.at(phase)));
    phases[std::string{name(phase)}] = {{"median", to_json(*cost)}, {"runs", std::move(runs)}};
  }
  return {{"name", result.name},
          {"phases", std::move(phases)},
          {"stored_bytes", stored_bytes(result)},
          {"second_day_bytes", added_bytes(result)},
          {"freed_bytes", freed_bytes(result)}};
}

nlohmann::json to_json(const PrimitiveResult& primitive, std::uint64_t bytes) {
  nlohmann::json record = to_json(primitive.cost);
  record["mb_per_cpu_second"] = ratio(megabytes(bytes), primitive.cost.cpu_seconds);
  return record;
}

}  // namespace

std::string to_line(const Work& work) {
  nlohmann::json record = to_json(work.cost);
  record["bytes"] = work.bytes;
  record["stored_bytes"] = work.stored_bytes;
  return record.dump() + "\n";
}

std::string table(const Report& report) {
  const CorpusSummary& first = report.corpus.first;
  const DaySummary& second = report.corpus.second;
  std::string text = fmt::format(
      "{} streams of {} messages in {} mailboxes, {:.0f} MB, the largest {:.1f} MB, seed {}\n"
      "second day: {} new, {} changed, {} deleted, {:.1f} MB new or changed\n"
      "{} rounds, medians; wall seconds with all processors\n",
      first.streams, first.messages, first.mailboxes, megabytes(first.bytes),
      megabytes(first.largest_bytes), report.shape.seed, second.new_streams, second.changed_streams,
      second.deleted_streams, megabytes(second.new_bytes), report.results.front().runs.size());
  text += costs_table(report, "wall seconds", &wall);
  text += costs_table(report, "processor seconds, user and system", &cpu);
  text += sizes_table(report);
  text += fmt::format(
      "\nThis machine: zstd -3 {:.0f} MB/s (to {:.2f}), SHA-256 {:.0f} MB/s of the same files\n",
      ratio(megabytes(first.bytes), report.zstd.cost.cpu_seconds),
      ratio(megabytes(report.zstd.bytes_out), megabytes(first.bytes)),
      ratio(megabytes(first.bytes), report.sha256.cost.cpu_seconds));
  return text;
}

std::string json(const Report& report) {
  nlohmann::json results = nlohmann::json::array();
  for (const Result& result : report.results) results.push_back(to_json(result));
  const CorpusSummary& first = report.corpus.first;
  const DaySummary& second = report.corpus.second;
  const nlohmann::json record{{"type", "summary"},
                              {"corpus",
                               {{"seed", report.shape.seed},
                                {"bytes", first.bytes},
                                {"streams", first.streams},
                                {"messages", first.messages},
                                {"mailboxes", first.mailboxes},
                                {"second_day",
                                 {{"bytes", second.bytes},
                                  {"new_bytes", second.new_bytes},
                                  {"new", second.new_streams},
                                  {"changed", second.changed_streams},
                                  {"deleted", second.deleted_streams}}}}},
                              {"results", results},
                              {"machine",
                               {{"zstd_3", to_json(report.zstd, first.bytes)},
                                {"sha256", to_json(report.sha256, first.bytes)}}}};
  return record.dump();
}

}  // namespace bench

#include "tests/bench/report.h"

#include "src/base/text.h"

#include <nlohmann/json.hpp>

namespace bench {
namespace {

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

double ratio(double value, double to) { return to > 0 ? value / to : 0; }

std::string row(const Measured& measured, std::uint64_t bytes) {
  return fmt::format("{:<30}{:>8.0f}{:>9.0f}{:>9.0f}{:>9.0f}{:>10.0f}{:>7.2f}{:>8.0f}\n",
                     measured.name, rate(bytes, measured.new_data),
                     rate(bytes, measured.known_data), rate(bytes, measured.restore),
                     rate(bytes, measured.check), megabytes(measured.stored_bytes),
                     ratio(megabytes(measured.stored_bytes), megabytes(bytes)),
                     megabytes(measured.new_data.peak_memory_bytes));
}

std::string ratio_row(const Measured& coffer, const Measured& peer) {
  const auto times = [](const Cost& ours, const Cost& theirs) {
    return ratio(theirs.cpu_seconds, ours.cpu_seconds);
  };
  return fmt::format("{:<30}{:>8.2f}{:>9.2f}{:>9.2f}{:>9.2f}{:>10.2f}\n", "  against " + peer.name,
                     times(coffer.new_data, peer.new_data),
                     times(coffer.known_data, peer.known_data), times(coffer.restore, peer.restore),
                     times(coffer.check, peer.check),
                     ratio(megabytes(coffer.stored_bytes), megabytes(peer.stored_bytes)));
}

nlohmann::json to_json(const Cost& cost) {
  return {{"wall_seconds", cost.wall_seconds},
          {"cpu_seconds", cost.cpu_seconds},
          {"peak_memory_bytes", cost.peak_memory_bytes}};
}

nlohmann::json to_json(const Measured& measured) {
  return {{"name", measured.name},
          {"new_data", to_json(measured.new_data)},
          {"known_data", to_json(measured.known_data)},
          {"restore", to_json(measured.restore)},
          {"check", to_json(measured.check)},
          {"stored_bytes", measured.stored_bytes}};
}

nlohmann::json to_json(const PhaseResult& phase) {
  nlohmann::json record = to_json(phase.cost);
  record["bytes"] = phase.bytes;
  record["mb_per_cpu_second"] = rate(phase.bytes, phase.cost);
  return record;
}

nlohmann::json to_json(const PrimitiveResult& primitive, std::uint64_t bytes) {
  nlohmann::json record = to_json(primitive.cost);
  record["mb_per_cpu_second"] = rate(bytes, primitive.cost);
  return record;
}

}  // namespace

double rate(std::uint64_t bytes, const Cost& cost) {
  return cost.cpu_seconds > 0 ? megabytes(bytes) / cost.cpu_seconds : 0;
}

std::string to_line(const PhaseResult& phase) {
  nlohmann::json record = to_json(phase);
  record["stored_bytes"] = phase.stored_bytes;
  return record.dump() + "\n";
}

PhaseResult parse_line(std::string_view line) {
  const auto record = nlohmann::json::parse(line);
  PhaseResult phase;
  phase.cost.wall_seconds = record.at("wall_seconds").get<double>();
  phase.cost.cpu_seconds = record.at("cpu_seconds").get<double>();
  phase.cost.peak_memory_bytes = record.at("peak_memory_bytes").get<std::uint64_t>();
  phase.bytes = record.at("bytes").get<std::uint64_t>();
  phase.stored_bytes = record.at("stored_bytes").get<std::uint64_t>();
  return phase;
}

std::string table(const Report& report) {
  const std::uint64_t bytes = report.corpus.bytes;
  std::string text = fmt::format(
      "Corpus: {} streams, {:.0f} MB, {} messages in {} mailboxes, largest {:.1f} MB, seed {}\n\n",
      report.corpus.streams, megabytes(bytes), report.corpus.messages, report.corpus.mailboxes,
      megabytes(report.corpus.largest_bytes), report.shape.seed);
  text += "MB of items per second of processor time, whole programs\n";
  text += fmt::format("{:<30}{:>8}{:>9}{:>9}{:>9}{:>10}{:>7}{:>8}\n", "", "new", "known", "restore",
                      "check", "stored MB", "of", "RSS MB");
  text += row(report.coffer, bytes);
  for (const Measured& peer : report.peers) text += row(peer, bytes);
  if (!report.peers.empty()) text += "\ncoffer, times as fast (stored: share of theirs)\n";
  for (const Measured& peer : report.peers) text += ratio_row(report.coffer, peer);

  const double new_rate = rate(report.ingest_new.bytes, report.ingest_new.cost);
  const double zstd_rate = rate(bytes, report.zstd.cost);
  const double sha_rate = rate(bytes, report.sha256.cost);
  text += "\nThe store alone (without start and key derivation), MB/s per core; wall clock\n";
  const auto phase = [&](const char* name, const PhaseResult& result) {
    return fmt::format("{:<30}{:>8.0f}{:>9.2f} s\n", name, rate(result.bytes, result.cost),
                       result.cost.wall_seconds);
  };
  text += phase("ingest, new data", report.ingest_new) +
          phase("ingest, known data", report.ingest_known) +
          phase("restore reading", report.restore) +
          phase("full check (stored bytes)", report.check);
  text +=
      fmt::format("\nThis machine: zstd -3 {:.0f} MB/s (to {:.2f}), SHA-256 {:.0f} MB/s\n",
                  zstd_rate, ratio(megabytes(report.zstd.bytes_out), megabytes(bytes)), sha_rate);
  text += fmt::format(
      "Ingest of new data is {:.2f} of bare zstd -3, of known data {:.2f} of bare SHA-256\n",
      ratio(new_rate, zstd_rate),
      ratio(rate(report.ingest_known.bytes, report.ingest_known.cost), sha_rate));
  return text;
}

std::string json(const Report& report) {
  nlohmann::json peers = nlohmann::json::array();
  for (const Measured& peer : report.peers) peers.push_back(to_json(peer));
  const std::uint64_t bytes = report.corpus.bytes;
  const nlohmann::json record{
      {"type", "summary"},
      {"corpus",
       {{"seed", report.shape.seed},
        {"bytes", bytes},
        {"streams", report.corpus.streams},
        {"messages", report.corpus.messages},
        {"mailboxes", report.corpus.mailboxes}}},
      {"coffer", to_json(report.coffer)},
      {"store",
       {{"ingest_new", to_json(report.ingest_new)},
        {"ingest_known", to_json(report.ingest_known)},
        {"restore", to_json(report.restore)},
        {"check", to_json(report.check)}}},
      {"peers", peers},
      {"machine",
       {{"zstd_3", to_json(report.zstd, bytes)}, {"sha256", to_json(report.sha256, bytes)}}}};
  return record.dump();
}

}  // namespace bench

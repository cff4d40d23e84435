#include "src/jobs/store_records.h"

#include <cmath>
#include <utility>

namespace jobs {
namespace {

// Four decimals are more than anybody compares.
Value factor(std::uint64_t dividend, std::uint64_t divisor) {
  if (divisor == 0) return {};
  const double quotient = static_cast<double>(dividend) / static_cast<double>(divisor);
  return std::round(quotient * 10'000) / 10'000;
}

Record affected_record(const store::AffectedItem& affected) {
  Value::List snapshots;
  for (const std::string& id : affected.snapshots) snapshots.emplace_back(id);
  return Record{{"mailbox", text_or_null(affected.mailbox)},
                {"folder", text_or_null(affected.folder)},
                {"item", text_or_null(affected.item)},
                {"snapshots", std::move(snapshots)}};
}

std::string_view name(store::CheckLevel level) {
  switch (level) {
    case store::CheckLevel::structure:
      return "structure";
    case store::CheckLevel::scrub:
      return "scrub";
    case store::CheckLevel::full:
      return "full";
  }
  return "";
}

}  // namespace

Record stats_record(const store::StoreStatistics& statistics) {
  return Record{{"type", "stats"},
                {"logical_bytes", statistics.logical_bytes},
                {"unique_bytes", statistics.unique_bytes},
                {"stored_bytes", statistics.stored_bytes},
                {"dedup_factor", factor(statistics.logical_bytes, statistics.unique_bytes)},
                {"compression_factor", factor(statistics.unique_bytes, statistics.stored_bytes)},
                {"packs", statistics.packs},
                {"chunks", statistics.chunks},
                {"items", statistics.items},
                {"snapshots", statistics.snapshots},
                {"mailboxes", statistics.mailboxes},
                {"index_bytes", statistics.index_bytes}};
}

std::vector<Record> damage_records(const store::CheckReport& report) {
  std::vector<Record> records;
  for (const std::string& error : report.errors) {
    records.push_back(Record{{"type", "damage"}, {"message", error}});
  }
  return records;
}

Record check_summary(const store::CheckReport& report, store::CheckLevel level, double seconds) {
  Value::List affected;
  for (const store::AffectedItem& item : report.affected) affected.push_back(affected_record(item));
  return Record{{"type", "summary"},
                {"command", "check"},
                {"level", name(level)},
                {"status", exit_status(report) == ExitStatus::done ? "complete" : "failed"},
                {"seconds", seconds},
                {"restore_points", report.restore_points},
                {"packs", report.packs},
                {"chunks", report.chunks},
                {"bytes_read", report.bytes_read},
                {"errors", report.errors.size()},
                {"healed", report.healed},
                {"affected", std::move(affected)},
                {"packs_without_parity", report.packs_without_parity},
                {"packs_left", report.packs_left},
                {"rescued_chunks", report.rescued_chunks}};
}

Record copy_summary(const store::CopyReport& report, double seconds) {
  Value::List problems;
  for (const store::CopyProblem& problem : report.problems) {
    problems.emplace_back(Record{{"snapshot", text_or_null(problem.snapshot)},
                                 {"mailbox", text_or_null(problem.mailbox)},
                                 {"message", problem.message}});
  }
  return Record{{"type", "summary"},
                {"command", "copy"},
                {"status", exit_status(report) == ExitStatus::done ? "complete" : "partial"},
                {"seconds", seconds},
                {"created", report.created},
                {"packs", report.packs},
                {"chunks", report.chunks},
                {"bytes", report.bytes},
                {"snapshots", report.snapshots},
                {"skipped", report.skipped},
                {"holds", report.holds},
                {"problems", std::move(problems)}};
}

ExitStatus exit_status(const store::CopyReport& report) {
  return report.problems.empty() ? ExitStatus::done : ExitStatus::partial;
}

ExitStatus exit_status(const store::CheckReport& report) {
  return report.errors.empty() && report.affected.empty() ? ExitStatus::done : ExitStatus::corrupt;
}

}  // namespace jobs

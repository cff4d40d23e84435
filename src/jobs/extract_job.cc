#include "src/jobs/extract_job.h"

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/jobs/error_record.h"

#include <algorithm>
#include <fcntl.h>
#include <system_error>
#include <utility>

namespace jobs {
namespace {

Record manifest_line(const catalog::ExtractedItem& item) {
  return Record{{"file", item.file},     {"id", item.id},
                {"folder", item.folder}, {"sha256", item.sha256},
                {"size", item.size},     {"item_class", text_or_null(item.item_class)}};
}

// Written as the items come, so that its size does not matter, and under another name until it is
// whole.
class Manifest {
 public:
  explicit Manifest(const std::filesystem::path& directory)
      : path_(directory / "manifest.json"), partial_(directory / ".manifest.json.part") {}

  void add(const Record& line) {
    pending_ += empty_ ? "{\"items\":[\n" : ",\n";
    pending_ += to_json(line);
    empty_ = false;
    if (pending_.size() >= kBufferBytes) flush();
  }

  // The directory has a manifest from now on.
  void finish() {
    pending_ += empty_ ? "{\"items\":[]}\n" : "\n]}\n";
    flush();
    base::sync_file(file_, partial_);
    std::error_code failure;
    std::filesystem::rename(partial_, path_, failure);
    if (failure) throw base::system_error("renaming " + partial_.string(), failure.value());
    base::sync_directory(path_.parent_path());
  }

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

  void flush() {
    // Opened late: the directory may not be there before its first item is.
    if (!file_.is_open()) file_ = base::open_file(partial_, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    base::write_all(file_, base::as_bytes(pending_), partial_);
    pending_.clear();
  }

  std::filesystem::path path_;
  std::filesystem::path partial_;
  base::FileHandle file_;
  std::string pending_;
  bool empty_ = true;
};

}  // namespace

catalog::ExtractReport run_extract_job(store::Repository& repository, const RestorePoint& point,
                                       const catalog::ExtractSelection& selection,
                                       const std::filesystem::path& directory,
                                       const OnRecord& on_record, std::stop_token stop) {
  Manifest manifest{directory};
  const auto on_item = [&](const catalog::ExtractedItem& item) {
    Record line = manifest_line(item);
    manifest.add(line);
    Record record{{"type", "item"}};
    for (const auto& [name, value] : line.fields()) record.set(name, value);
    on_record(record);
  };
  try {
    catalog::ExtractReport report =
        catalog::extract(repository.tenant(point.snapshot.tenant), point.snapshot, selection,
                         directory, on_item, std::move(stop));
    if (!report.cancelled) {
      manifest.finish();
      catalog::end_extraction(directory);
    }
    return report;
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::full) throw;
    // "Full" is said of the store; this is the directory that somebody chose.
    base::Error other{base::ErrorKind::disk, error.message()};
    for (const std::string& context : error.context()) other.add_context(context);
    throw other;
  }
}

ExitStatus exit_status(const catalog::ExtractReport& report) {
  if (report.cancelled) return ExitStatus::interrupted;
  if (report.failures.empty()) return ExitStatus::done;
  const bool damage = std::any_of(
      report.failures.begin(), report.failures.end(),
      [](const auto& failure) { return failure.error.kind() == base::ErrorKind::corrupt; });
  return damage ? ExitStatus::corrupt : ExitStatus::partial;
}

Record extract_summary(const catalog::ExtractReport& report, const RestorePoint& point,
                       const std::filesystem::path& directory, double seconds) {
  Value::List problems;
  for (const catalog::ExtractFailure& failure : report.failures) {
    problems.emplace_back(Record{{"mailbox", point.snapshot.address},
                                 {"folder", text_or_null(failure.folder)},
                                 {"item", failure.id},
                                 {"code", base::name(failure.error.kind())},
                                 {"message", failure.error.message()},
                                 {"next", "extract it from another restore point"}});
  }
  const ExitStatus status = exit_status(report);
  return Record{{"type", "summary"},
                {"command", "extract"},
                {"status", status == ExitStatus::done ? "complete"
                           : report.written > 0       ? "partial"
                                                      : "failed"},
                {"seconds", seconds},
                {"snapshot", point.snapshot.id},
                {"mailbox", point.snapshot.address},
                {"output", directory.string()},
                {"items", Record{{"selected", report.selected},
                                 {"written", report.written},
                                 {"failed", report.failures.size()}}},
                {"bytes", report.bytes},
                {"problems", std::move(problems)}};
}

}  // namespace jobs

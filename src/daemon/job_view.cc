#include "src/daemon/job_view.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/record_fields.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <memory>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace appliance {
namespace {

// Between two samples; shorter tells of chance.
constexpr base::Duration kSampleEvery = std::chrono::seconds{5};
constexpr std::size_t kMostTold = 20'000;  // that one page of records looks at
constexpr std::size_t kMostWatched = 100;  // jobs; more never run at once
constexpr std::size_t kReportPiece = 64 << 10;
constexpr std::uint64_t kTellingBytes = 1'000'000;
constexpr std::size_t kTellingRestores = 10;

base::Duration processor_time() {
  timespec used{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return {};
  return std::chrono::duration_cast<base::Duration>(std::chrono::seconds{used.tv_sec} +
                                                    std::chrono::nanoseconds{used.tv_nsec});
}

jobs::Value known(std::uint64_t total) { return total == 0 ? jobs::Value{} : jobs::Value{total}; }

// Where a page of records begins: behind so many things told from the offset on, and behind so many
// problems of the next of them.
struct RecordsCursor {
  std::uint64_t offset = 0;
  std::uint64_t told = 0;
  std::uint64_t problems = 0;

  [[nodiscard]] std::string text() const { return base::text(offset, ".", told, ".", problems); }
};

RecordsCursor records_cursor(const std::string& text) {
  RecordsCursor cursor;
  if (text.empty()) return cursor;
  const std::vector<std::string> parts = base::split(text, '.');
  bool is_one = parts.size() == 3;
  std::uint64_t* const numbers[] = {&cursor.offset, &cursor.told, &cursor.problems};
  for (std::size_t i = 0; is_one && i < parts.size(); ++i) {
    const char* const end = parts[i].data() + parts[i].size();
    const auto [stopped, failure] = std::from_chars(parts[i].data(), end, *numbers[i]);
    is_one = failure == std::errc{} && stopped == end;
  }
  if (is_one) return cursor;
  throw base::Error{base::ErrorKind::usage,
                    base::text("\"", base::printable(text), "\" is not where a page ended")};
}

// A record as it was told, behind one for each of the problems in it.
std::vector<jobs::Record> records_of(const jobs::Record& told, const std::string& type) {
  std::vector<jobs::Record> records;
  const jobs::Value::List* problems = list_in(told, "problems");
  if (problems != nullptr && (type.empty() || type == "problem")) {
    for (const jobs::Value& each : *problems) {
      const auto* problem = std::get_if<jobs::Record>(&each.content());
      if (problem == nullptr) continue;
      jobs::Record& record = records.emplace_back(jobs::Record{{"type", "problem"}});
      for (const auto& [name, value] : problem->fields()) record.set(name, value);
    }
  }
  if (type.empty() || text_in(told, "type") == type) records.push_back(told);
  return records;
}

}  // namespace

std::optional<std::string_view> bottleneck(const WorkSample& before, const WorkSample& now,
                                           unsigned processors, bool uses_service) {
  const double passed = seconds(now.at - before.at);
  if (passed <= 0) return std::nullopt;
  if (seconds(now.throttled - before.throttled) >= passed / 10) return "throttling";
  const double busy = seconds(now.processor - before.processor) / passed;
  if (processors > 0 && busy >= 0.85 * processors) return "processor";
  if (seconds(now.store - before.store) >= passed / 2) return "store";
  return uses_service ? std::optional<std::string_view>{"service"} : std::nullopt;
}

std::optional<std::string_view> JobView::held_up_by(const jobs::Job& job,
                                                    base::Duration throttled) {
  const bool uses_service = job.order.command == "backup" || job.order.command == "restore";
  const WorkSample now{parts_.clock.monotonic(), throttled, processor_time(), parts_.store_time()};
  auto all = watched_.lock();
  if (all->size() >= kMostWatched && !all->contains(job.id)) all->clear();
  const auto [found, is_new] = all->try_emplace(job.id, Watched{now, now, std::nullopt});
  Watched& watched = found->second;
  if (!is_new && now.at - watched.now.at >= kSampleEvery) {
    watched.before = std::exchange(watched.now, now);
    watched.held_up_by =
        bottleneck(watched.before, watched.now, std::thread::hardware_concurrency(), uses_service);
  }
  return watched.held_up_by;
}

jobs::Record JobView::progress_record(const jobs::Job& job, const jobs::JobProgress& progress) {
  const jobs::ProgressReading& reading = progress.reading;
  const auto left = progress.time_left;
  return jobs::Record{{"stage", jobs::text_or_null(reading.stage)},
                      {"items_done", reading.items_done},
                      {"items_total", known(reading.items_total)},
                      {"bytes_done", reading.bytes_done},
                      {"bytes_total", known(reading.bytes_total)},
                      {"bytes_per_second", progress.bytes_per_second},
                      {"seconds_left", left ? jobs::Value{seconds(*left)} : jobs::Value{}},
                      {"throttled_seconds", seconds(reading.throttled)},
                      {"bottleneck", held_up_by(job, reading.throttled)}};
}

// By the last restores that sent enough to tell.
std::optional<double> JobView::restored_bytes_per_second() const {
  const auto tells = [](const jobs::Job& job) {
    return job.order.command == "restore" && job.state == jobs::JobState::ended && job.summary &&
           count_in(*job.summary, "bytes_sent") >= kTellingBytes &&
           number_in(*job.summary, "seconds") > 0;
  };
  double bytes = 0;
  double took = 0;
  for (const jobs::Job& job : parts_.log.list("", kTellingRestores, tells)) {
    bytes += static_cast<double>(count_in(*job.summary, "bytes_sent"));
    took += number_in(*job.summary, "seconds");
  }
  if (took <= 0) return std::nullopt;
  return bytes / took;
}

// A rehearsal cannot know how long the restore will take; those that were made tell.
jobs::Record JobView::with_expectation(jobs::Record summary) const {
  const jobs::Record* planned = record_in(summary, "planned");
  if (planned == nullptr) return summary;
  const auto rate = restored_bytes_per_second();
  if (!rate) return summary;
  jobs::Record expected = *planned;
  const double by_rate = static_cast<double>(count_in(*planned, "bytes")) / *rate;
  expected.set("expected_seconds", std::max(by_rate, number_in(*planned, "least_seconds")));
  return summary.set("planned", std::move(expected));
}

jobs::Record JobView::record(const jobs::Job& job) {
  jobs::Record record = jobs::job_record(job);
  if (job.order.command == "restore" && job.summary && flag_in(*job.summary, "dry_run")) {
    record.set("summary", with_expectation(*job.summary));
  }
  if (job.state != jobs::JobState::running) return record.set("progress", nullptr);
  const auto progress = parts_.runner.progress_of(job.id);
  record.set("progress", progress ? jobs::Value{progress_record(job, *progress)} : jobs::Value{});
  if (job.started) record.set("seconds", seconds(parts_.clock.now() - *job.started));
  return record;
}

web::Page JobView::jobs(const web::JobQuery& query) {
  const auto wanted = [&](const jobs::Job& job) {
    return (query.state.empty() || jobs::name(job.state) == query.state) &&
           (query.command.empty() || job.order.command == query.command);
  };
  // One more tells whether there is another page.
  std::vector<jobs::Job> found = parts_.log.list(query.page.after, query.page.limit + 1, wanted);
  web::Page page;
  const bool has_more = found.size() > query.page.limit;
  if (has_more) found.pop_back();
  for (const jobs::Job& job : found) page.records.push_back(jobs::to_json(record(job)));
  if (has_more) page.next = found.back().id;
  return page;
}

jobs::Job JobView::require(const std::string& id) const {
  if (auto job = parts_.log.find(id)) return std::move(*job);
  throw base::Error{base::ErrorKind::not_found,
                    base::text("there is no job ", base::printable(id))};
}

jobs::Record JobView::job(const std::string& id) { return record(require(id)); }

web::Page JobView::records(const std::string& id, const std::string& type,
                           const web::PageRequest& asked) {
  static_cast<void>(require(id));
  const RecordsCursor from = records_cursor(asked.after);
  web::Page page;
  std::uint64_t told_so_far = 0;
  bool is_full = false;
  const std::uint64_t end = parts_.log.read_output(id, from.offset, [&](const jobs::Told& told) {
    const std::uint64_t number = told_so_far++;
    if (number < from.told) return true;
    std::vector<jobs::Record> records;
    if (told.record) records = records_of(*told.record, type);
    for (std::size_t i = number == from.told ? from.problems : 0; i < records.size(); ++i) {
      if (page.records.size() == asked.limit) {
        page.next = RecordsCursor{from.offset, number, i}.text();
        return false;
      }
      page.records.push_back(jobs::to_json(records[i]));
    }
    is_full = page.records.size() == asked.limit || told_so_far - from.told >= kMostTold;
    return !is_full;
  });
  if (page.next || !is_full) return page;
  // From behind what was told last, so that no page reads what those before it did.
  parts_.log.read_output(id, end, [&](const jobs::Told&) {
    page.next = RecordsCursor{end, 0, 0}.text();
    return false;
  });
  return page;
}

web::TextSource JobView::report(const std::string& id) {
  static_cast<void>(require(id));
  // Where the next piece begins; shared by the copies of the source, which are one reader.
  return [this, id, offset = std::make_shared<std::uint64_t>(0)]() -> std::optional<std::string> {
    std::string piece;
    *offset = parts_.log.read_output(id, *offset, [&](const jobs::Told& told) {
      if (told.record) piece += jobs::to_json(*told.record) + '\n';
      return piece.size() < kReportPiece;
    });
    return piece.empty() ? std::nullopt : std::optional{std::move(piece)};
  };
}

std::optional<jobs::Job> JobView::last_of(const std::string& command,
                                          const std::string& policy) const {
  std::vector<jobs::Job> found = parts_.log.list("", 1, [&](const jobs::Job& job) {
    return job.state == jobs::JobState::ended && job.order.command == command &&
           (policy.empty() || job.order.policy == policy);
  });
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

}  // namespace appliance

#include "src/daemon/store_view.h"

#include "src/base/error.h"
#include "src/daemon/record_fields.h"
#include "src/jobs/store_records.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

namespace appliance {
namespace {

constexpr std::size_t kMostCopies = 1000;  // jobs that are looked at for copies

std::optional<base::Instant> oldest_verified(const store::Repository& repository) {
  const std::vector<store::Snapshot> points = repository.snapshots();
  const auto verified = repository.last_verified(points);
  std::optional<base::Instant> oldest;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const base::Instant since = verified[i].value_or(points[i].time);
    if (!oldest || since < *oldest) oldest = since;
  }
  return oldest;
}

jobs::Value day_of(const std::optional<base::Instant>& time) {
  if (!time) return {};
  return base::format_rfc3339(*time).substr(0, 10);
}

jobs::Record trend_record(const TrendPoint& point) {
  return jobs::Record{{"time", point.time},
                      {"logical_bytes", point.logical_bytes},
                      {"unique_bytes", point.unique_bytes},
                      {"stored_bytes", point.stored_bytes},
                      {"free_bytes", point.free_bytes},
                      {"snapshots", point.snapshots},
                      {"items", point.items}};
}

std::string target_of(const jobs::Job& job) {
  constexpr std::string_view kTo = "--to=";
  const std::vector<std::string>& words = job.order.words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with(kTo)) return words[i].substr(kTo.size());
    if (words[i] == "--to" && i + 1 < words.size()) return words[i + 1];
  }
  return {};
}

}  // namespace

StoreFigures StoreView::take() {
  const auto store = parts_.resources.open_store(store::Access::read);
  StoreFigures figures;
  figures.statistics = store->repository().statistics();
  figures.oldest_verified = oldest_verified(store->repository());
  add_space(figures);
  *known_.lock() = figures;
  return figures;
}

void StoreView::add_space(StoreFigures& figures) const {
  std::error_code failure;
  const auto space =
      std::filesystem::space(parts_.resources.configuration().store.directory, failure);
  if (failure) return;
  figures.free_bytes = space.available;
  figures.capacity_bytes = space.capacity;
}

StoreFigures StoreView::figures() {
  std::optional<StoreFigures> known = *known_.lock();
  if (!known) return take();
  add_space(*known);
  return *known;
}

TrendPoint StoreView::measure() {
  const StoreFigures figures = take();
  TrendPoint point;
  point.time = parts_.clock.now();
  point.logical_bytes = figures.statistics.logical_bytes;
  point.unique_bytes = figures.statistics.unique_bytes;
  point.stored_bytes = figures.statistics.stored_bytes;
  point.index_bytes = figures.statistics.index_bytes;
  point.free_bytes = figures.free_bytes;
  point.capacity_bytes = figures.capacity_bytes;
  point.snapshots = figures.statistics.snapshots;
  point.items = figures.statistics.items;
  return point;
}

jobs::Record StoreView::store_record() {
  static constexpr std::array<std::string_view, 9> kShown{
      "logical_bytes", "unique_bytes",       "stored_bytes", "index_bytes", "free_bytes",
      "dedup_factor",  "compression_factor", "items",        "snapshots"};
  std::optional<StoreFigures> figures;
  try {
    figures = this->figures();
  } catch (const base::Error&) {
    // The status says that the store is closed, and why.
  }
  jobs::Record known;
  if (figures) {
    known = jobs::stats_record(figures->statistics);
    known.set("free_bytes", figures->free_bytes);
  }
  jobs::Record record;
  for (const std::string_view field : kShown) {
    const jobs::Value* value = known.find(field);
    record.set(field, value == nullptr ? jobs::Value{} : *value);
  }
  const std::vector<TrendPoint> points = parts_.trend.points();
  const std::optional<double> growth = growth_per_day(points);
  record.set(
      "growth_bytes_per_day",
      growth ? jobs::Value{static_cast<std::int64_t>(std::llround(*growth))} : jobs::Value{});
  record.set("full_on", day_of(full_on(points, parts_.clock.now())));
  for (const char* more : {"packs", "chunks", "mailboxes"}) {
    const jobs::Value* value = known.find(more);
    record.set(more, value == nullptr ? jobs::Value{} : *value);
  }
  return record;
}

jobs::Record StoreView::verification_record() {
  const Upkeep upkeep = parts_.upkeep();
  jobs::Value oldest;
  try {
    if (const auto since = figures().oldest_verified) {
      oldest = std::max(seconds(parts_.clock.now() - *since), 0.0);
    }
  } catch (const base::Error&) {
    // Not known while the store is closed.
  }
  return jobs::Record{{"structure", upkeep.structure},
                      {"scrub", upkeep.scrub},
                      {"full", upkeep.full},
                      {"drill", upkeep.drill},
                      {"oldest_unverified_seconds", oldest},
                      {"errors", upkeep.errors}};
}

// Where copies went, the newest to each place.
jobs::Value::List StoreView::copies() const {
  std::map<std::string, jobs::Record> by_place;
  const auto is_copy = [](const jobs::Job& job) {
    return job.order.command == "copy" && job.state == jobs::JobState::ended;
  };
  for (const jobs::Job& job : parts_.log.list("", kMostCopies, is_copy)) {
    const std::string to = target_of(job);
    std::optional<std::uint64_t> snapshots;
    if (job.summary) snapshots = count_in(*job.summary, "snapshots");
    by_place.emplace(to, jobs::Record{{"to", to},
                                      {"time", job.ended},
                                      {"status", job.end ? jobs::name(*job.end) : "failed"},
                                      {"snapshots", snapshots}});
  }
  jobs::Value::List copies;
  for (auto& [to, record] : by_place) copies.emplace_back(std::move(record));
  return copies;
}

jobs::Record StoreView::storage() {
  jobs::Value::List trend;
  for (const TrendPoint& point : parts_.trend.points()) trend.emplace_back(trend_record(point));
  return jobs::Record{{"type", "storage"},
                      {"now", store_record()},
                      {"trend", std::move(trend)},
                      {"verification", verification_record()},
                      {"copies", copies()}};
}

}  // namespace appliance

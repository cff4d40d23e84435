#include "src/daemon/trend.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/daemon/set_aside.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/record.h"
#include "src/jobs/record_reader.h"

#include <algorithm>
#include <array>
#include <utility>

namespace appliance {
namespace {

constexpr std::string_view kWhat = "the file of the store's sizes";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kMostBytes = std::size_t{16} << 20;
constexpr std::size_t kMostPoints = 3 * 366;
constexpr base::Duration kGrowthOver = std::chrono::days{30};
constexpr double kMostDays = 3652;

auto day_of(base::Instant time) { return std::chrono::floor<std::chrono::days>(time); }

constexpr std::array<std::pair<std::string_view, std::uint64_t TrendPoint::*>, 8> kFigures{{
    {"logical_bytes", &TrendPoint::logical_bytes},
    {"unique_bytes", &TrendPoint::unique_bytes},
    {"stored_bytes", &TrendPoint::stored_bytes},
    {"index_bytes", &TrendPoint::index_bytes},
    {"free_bytes", &TrendPoint::free_bytes},
    {"capacity_bytes", &TrendPoint::capacity_bytes},
    {"snapshots", &TrendPoint::snapshots},
    {"items", &TrendPoint::items},
}};

std::vector<TrendPoint> decode(base::ByteView bytes) {
  const jobs::Record whole = jobs::decode_record(bytes, kWhat);
  if (jobs::RecordReader{whole, kWhat}.number("version") != kVersion) {
    throw base::Error{base::ErrorKind::usage, "it was written by another version of this program"};
  }
  const jobs::Value* value = whole.find("points");
  const auto* list = value ? std::get_if<jobs::Value::List>(&value->content()) : nullptr;
  if (list == nullptr) jobs::RecordReader{whole, kWhat}.fail("points");
  std::vector<TrendPoint> points;
  for (const jobs::Value& each : *list) {
    const auto* record = std::get_if<jobs::Record>(&each.content());
    if (record == nullptr) jobs::RecordReader{whole, kWhat}.fail("points");
    const jobs::RecordReader fields{*record, kWhat};
    TrendPoint& point = points.emplace_back();
    point.time = fields.instant("time");
    for (const auto& [name, figure] : kFigures) point.*figure = fields.number(name);
  }
  std::ranges::stable_sort(points, {}, &TrendPoint::time);
  return points;
}

base::Bytes encode(const std::vector<TrendPoint>& points) {
  jobs::Value::List list;
  for (const TrendPoint& point : points) {
    jobs::Record record{{"time", jobs::in_milliseconds(std::optional{point.time})}};
    for (const auto& [name, figure] : kFigures) record.set(name, point.*figure);
    list.emplace_back(std::move(record));
  }
  return jobs::encode_record(jobs::Record{{"version", kVersion}, {"points", std::move(list)}});
}

}  // namespace

std::optional<double> growth_per_day(const std::vector<TrendPoint>& points) {
  if (points.empty()) return std::nullopt;
  const base::Instant last = points.back().time;
  double count = 0;
  double sum_x = 0;
  double sum_y = 0;
  double sum_xx = 0;
  double sum_xy = 0;
  base::Instant first = last;
  for (const TrendPoint& point : points) {
    if (point.time < last - kGrowthOver) continue;
    first = std::min(first, point.time);
    // From the last point on, so that the figures stay small.
    const double x = std::chrono::duration<double, std::ratio<86'400>>(point.time - last).count();
    const double y =
        static_cast<double>(point.stored_bytes) - static_cast<double>(points.back().stored_bytes);
    count += 1;
    sum_x += x;
    sum_y += y;
    sum_xx += x * x;
    sum_xy += x * y;
  }
  const double divisor = count * sum_xx - sum_x * sum_x;
  if (last - first < std::chrono::days{2} || divisor <= 0) return std::nullopt;
  return (count * sum_xy - sum_x * sum_y) / divisor;
}

std::optional<base::Instant> full_on(const std::vector<TrendPoint>& points, base::Instant now) {
  const std::optional<double> growth = growth_per_day(points);
  if (!growth || *growth <= 0) return std::nullopt;
  const double days = static_cast<double>(points.back().free_bytes) / *growth;
  if (days > kMostDays) return std::nullopt;
  const auto milliseconds = static_cast<std::int64_t>(days * 86'400'000);
  return std::max(now, points.back().time + base::Duration{milliseconds});
}

Trend::Trend(std::filesystem::path file) : file_(std::move(file)) {
  try {
    *points_.lock() = decode(base::read_file(file_, kMostBytes));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::not_found) set_aside(file_, error);
  }
}

void Trend::add(const TrendPoint& point) {
  auto points = points_.lock();
  // A clock that was set back must not leave days to come behind.
  std::erase_if(*points,
                [&](const TrendPoint& known) { return day_of(known.time) >= day_of(point.time); });
  points->push_back(point);
  if (points->size() > kMostPoints) points->erase(points->begin());
  try {
    base::replace_file(file_, encode(*points));
  } catch (const base::Error& error) {
    // A full disk is what the trend warns of: it goes on in memory.
    base::log(base::LogLevel::warning, "the store's sizes are not kept: ", error.what());
  }
}

std::vector<TrendPoint> Trend::points() const { return *points_.lock(); }

}  // namespace appliance

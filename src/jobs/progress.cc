#include "src/jobs/progress.h"

#include "src/base/text.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace jobs {
namespace {

constexpr base::Duration kWindow = std::chrono::seconds{30};
// Below that, "0 min lost" would be noise.
constexpr base::Duration kWorthTelling = std::chrono::seconds{1};
constexpr std::size_t kBarCells = 12;

std::string bar(double part) {
  const auto filled = static_cast<std::size_t>(std::lround(part * static_cast<double>(kBarCells)));
  return base::text("[", std::string(filled, '#'), std::string(kBarCells - filled, '.'), "]");
}

std::string of_total(const std::string& done, const std::string& total, bool known) {
  return known ? base::text(done, " of ", total) : done;
}

}  // namespace

void ProgressModel::update(const ProgressReading& reading, base::Duration at) {
  last_ = reading;
  samples_.push_back({at, reading.items_done, reading.bytes_done});
  // One sample older than the window stays, so that the window is always covered.
  while (samples_.size() > 2 && at - samples_[1].at >= kWindow) samples_.pop_front();
}

double ProgressModel::per_second(std::uint64_t Sample::*figure) const {
  if (samples_.size() < 2) return 0;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  const double seconds = std::chrono::duration<double>(last.at - first.at).count();
  if (seconds <= 0 || last.*figure < first.*figure) return 0;
  return static_cast<double>(last.*figure - first.*figure) / seconds;
}

double ProgressModel::bytes_per_second() const { return per_second(&Sample::bytes); }

std::optional<base::Duration> ProgressModel::time_left() const {
  const bool by_bytes = last_.bytes_total > 0;
  const std::uint64_t total = by_bytes ? last_.bytes_total : last_.items_total;
  const std::uint64_t done = by_bytes ? last_.bytes_done : last_.items_done;
  const double rate = per_second(by_bytes ? &Sample::bytes : &Sample::items);
  if (total == 0 || rate <= 0) return std::nullopt;
  if (done >= total) return base::Duration{0};
  const double milliseconds = 1000 * static_cast<double>(total - done) / rate;
  // More than a year is no forecast.
  if (milliseconds > 1000.0 * 86'400 * 365) return std::nullopt;
  return base::Duration{static_cast<std::int64_t>(milliseconds)};
}

std::string ProgressModel::line(std::size_t columns) const {
  const bool by_bytes = last_.bytes_total > 0;
  const std::uint64_t total = by_bytes ? last_.bytes_total : last_.items_total;
  const std::uint64_t done = by_bytes ? last_.bytes_done : last_.items_done;
  std::vector<std::string> parts;  // the most important first
  if (total > 0) {
    // The totals of a backup are the service's estimate: never more than all of it.
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    parts.push_back(base::text(bar(part), fmt::format(" {:3.0f} %", std::floor(part * 100))));
  }
  if (last_.items_done > 0 || last_.items_total > 0) {
    parts.push_back(of_total(human_count(last_.items_done), human_count(last_.items_total),
                             last_.items_total > 0) +
                    " items");
  }
  if (last_.bytes_done > 0 || by_bytes) {
    parts.push_back(of_total(base::human_bytes(last_.bytes_done),
                             base::human_bytes(last_.bytes_total), by_bytes));
  }
  if (const auto left = time_left(); left && *left > base::Duration{0}) {
    parts.push_back(human_duration(*left) + " left");
  }
  if (last_.throttled >= kWorthTelling) {
    parts.push_back(human_duration(last_.throttled) + " lost to throttling");
  }
  if (bytes_per_second() > 0) {
    const auto rate = static_cast<std::uint64_t>(bytes_per_second());
    parts.push_back(base::human_bytes(rate) + "/s");
  }
  if (!last_.stage.empty()) parts.push_back(last_.stage);

  std::string line;
  for (const std::string& part : parts) {
    const std::size_t longer = line.size() + (line.empty() ? 0 : 2) + part.size();
    if (longer > columns) continue;
    line += base::text(line.empty() ? "" : "  ", part);
  }
  return line;
}

std::string human_duration(base::Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < 10) return fmt::format("{:.1f} s", std::chrono::duration<double>(duration).count());
  if (seconds < 120) return fmt::format("{} s", seconds);
  const auto minutes = (seconds + 30) / 60;
  if (minutes < 120) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string human_count(std::uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (std::size_t behind = 3; behind < digits.size(); behind += 4) {
    digits.insert(digits.size() - behind, 1, ',');
  }
  return digits;
}

std::string counted(std::uint64_t count, std::string_view singular) {
  std::string plural{singular};
  if (singular.ends_with("ry") || singular.ends_with("cy")) {
    plural.replace(plural.size() - 1, 1, "ies");
  } else {
    plural += singular.ends_with('x') || singular.ends_with('s') ? "es" : "s";
  }
  return base::text(human_count(count), " ", count == 1 ? singular : plural);
}

}  // namespace jobs

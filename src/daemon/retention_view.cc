#include "src/daemon/retention_view.h"

#include "schedules/calendar_event.h"
#include "schedules/time_zone.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/job_request.h"
#include "src/daemon/record_fields.h"
#include "src/daemon/table_reader.h"
#include "src/jobs/forget_job.h"
#include "src/jobs/retention_forecast.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace appliance {
namespace {

using base::text;
using schedules::RetentionRules;

constexpr std::array<std::pair<const char*, std::optional<std::uint64_t> RetentionRules::*>, 6>
    kCounts{{{"keep_last", &RetentionRules::keep_last},
             {"keep_hourly", &RetentionRules::keep_hourly},
             {"keep_daily", &RetentionRules::keep_daily},
             {"keep_weekly", &RetentionRules::keep_weekly},
             {"keep_monthly", &RetentionRules::keep_monthly},
             {"keep_yearly", &RetentionRules::keep_yearly}}};
constexpr const char* kWithin = "keep_within";
// More backups a day than that tell nothing more of the days to come.
constexpr std::size_t kMostBackupsADay = 24;
constexpr std::size_t kMostExamples = 1000;

[[noreturn]] void fail(const std::string& message) {
  throw base::Error{base::ErrorKind::usage, message};
}

jobs::Record rules_record(const RetentionRules& rules) {
  jobs::Record record;
  for (const auto& [name, rule] : kCounts) {
    if (rules.*rule) record.set(name, *(rules.*rule));
  }
  if (rules.keep_within) record.set(kWithin, written(*rules.keep_within));
  return record;
}

const PolicySettings& policy_of(const Configuration& configuration, const std::string& name) {
  if (!name.empty()) return configuration.policy(name);
  if (configuration.policies.size() == 1) return configuration.policies.front();
  fail(configuration.policies.empty() ? "the configuration has no policy: everything is kept"
                                      : "\"policy\" is missing: there are several");
}

// The starts of the policy's backups, jitter and windows left out: days are what counts.
std::vector<base::Instant> backups(const std::vector<schedules::CalendarEvent>& calendar,
                                   base::Instant from, base::Instant to) {
  std::vector<base::Instant> times;
  for (const schedules::CalendarEvent& event : calendar) {
    auto next = event.next(from);
    for (; next && *next <= to && times.size() < kMostBackupsADay; next = event.next(*next)) {
      times.push_back(*next);
    }
  }
  std::ranges::sort(times);
  return times;
}

jobs::Value::List removed_by_day(const jobs::RetentionForecast& forecast,
                                 const schedules::TimeZone& zone, base::Instant now) {
  jobs::Value::List days;
  for (std::size_t day = 0; day < forecast.removed.size(); ++day) {
    const base::Instant time = now + std::chrono::days{day};
    const base::Instant shown = time + zone.offset_at(time);
    days.emplace_back(jobs::Record{{"date", base::format_rfc3339(shown).substr(0, 10)},
                                   {"removed", forecast.removed[day]}});
  }
  return days;
}

// The records of the first mailbox that has any.
jobs::Value::List examples(const std::vector<jobs::PlannedSeries>& series) {
  if (series.empty()) return {};
  jobs::Value::List list;
  for (jobs::Record& record : jobs::retention_records({{series.front()}, {}})) {
    if (list.size() < kMostExamples) list.emplace_back(std::move(record));
  }
  return list;
}

jobs::RetentionForecast forecast_of(const std::vector<jobs::PlannedSeries>& series,
                                    const jobs::RetentionPolicy& rules,
                                    const PolicySettings& policy,
                                    const std::vector<store::Hold>& holds, base::Instant now) {
  const schedules::TimeZone zone{policy.timezone};
  std::vector<schedules::CalendarEvent> calendar;
  for (const std::string& event : policy.schedule) calendar.emplace_back(event, zone);
  jobs::ForecastSettings settings;
  settings.rules = rules.rules;
  settings.backups = [&](base::Instant from, base::Instant to) {
    return backups(calendar, from, to);
  };
  settings.is_held = [&](const store::Snapshot& point) { return jobs::is_held(holds, point); };
  return jobs::forecast_retention(series, settings, now);
}

std::string assumptions(const jobs::RetentionForecast& forecast, const PolicySettings& policy) {
  std::string assumed =
      policy.schedule.empty()
          ? std::string{"no backup is made any more, because the policy has no schedule"}
          : std::string{"every scheduled backup is made and complete"};
  assumed += "; holds stay as they are; retention runs every day";
  if (forecast.left_out > 0) {
    assumed += text("; ", forecast.left_out, " of ", forecast.mailboxes + forecast.left_out,
                    " mailboxes are left out of the days to come");
  }
  return assumed;
}

}  // namespace

jobs::RetentionPolicy with_rules(jobs::RetentionPolicy policy, const web::Fields& rules) {
  if (rules.empty()) return policy;
  std::vector<std::string> known{kWithin};
  for (const auto& [name, rule] : kCounts) known.emplace_back(name);
  require_known(rules, known);
  RetentionRules& own = policy.rules;
  for (const auto& [name, rule] : kCounts) (own.*rule).reset();
  own.keep_within.reset();
  for (const auto& [given, value] : rules) {
    const auto count = std::ranges::find_if(
        kCounts, [&, &name = given](const auto& each) { return name == each.first; });
    if (count != kCounts.end()) {
      const auto* number = std::get_if<std::uint64_t>(&value);
      if (number == nullptr) fail(text("\"", given, "\" must be a whole number"));
      own.*(count->second) = *number;
      continue;
    }
    const auto* written_as = std::get_if<std::string>(&value);
    const auto duration = written_as ? parse_duration(*written_as) : std::nullopt;
    if (!duration) fail(text("\"", given, "\" takes a duration in s, m, h or d, such as 14d"));
    own.keep_within = *duration;
  }
  return policy;
}

jobs::Record simulate_retention(const ViewParts& parts, const std::string& policy,
                                const web::Fields& rules) {
  const Configuration configuration = parts.resources.configuration();
  const PolicySettings& settings = policy_of(configuration, policy);
  const jobs::RetentionPolicy tried =
      with_rules(retention_policies(configuration, settings.name).front(), rules);
  const auto store = parts.resources.open_store(store::Access::read);
  const base::Instant now = parts.clock.now();
  const std::vector<store::Hold> holds = store->repository().holds();
  jobs::RetentionReport report = jobs::plan_retention_of(store->repository(), {tried}, now);
  std::erase_if(report.series, [&](const jobs::PlannedSeries& series) {
    return series.policy != tried.name || series.tenant != tried.tenant;
  });
  schedules::RetentionSummary summary;
  for (const jobs::PolicyOutcome& outcome : report.outcomes) {
    if (outcome.policy == tried.name && outcome.tenant == tried.tenant) summary = outcome.summary;
  }
  const jobs::RetentionForecast forecast = forecast_of(report.series, tried, settings, holds, now);
  return jobs::Record{
      {"type", "simulation"},
      {"policy", settings.name},
      {"rules", rules_record(tried.rules)},
      {"points", summary.points},
      {"kept", summary.points - summary.removed},
      {"removed", summary.removed},
      {"freed_bytes", nullptr},
      {"confirmation", jobs::text_or_null(summary.confirmation)},
      {"removed_by_day", removed_by_day(forecast, schedules::TimeZone{settings.timezone}, now)},
      {"assumes", assumptions(forecast, settings)},
      {"examples", examples(report.series)}};
}

}  // namespace appliance

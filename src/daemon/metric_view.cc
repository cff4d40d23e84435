#include "src/daemon/metric_view.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/record_fields.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace appliance {
namespace {

using web::MetricFamily;
using web::MetricSample;
using web::MetricType;

double as_number(std::uint64_t count) { return static_cast<double>(count); }

// "listing_folders", of "listing folders".
std::string label_of(graph::Operation operation) {
  std::string label;
  for (const char c : base::to_lower(graph::name(operation))) {
    if (c >= 'a' && c <= 'z') {
      label += c;
    } else if (c == ' ') {
      label += '_';
    }
  }
  return label;
}

void add_mailboxes(const std::vector<CountedMailbox>& mailboxes,
                   std::vector<MetricFamily>& families) {
  std::map<std::pair<std::string, std::string>, base::Instant> oldest;
  MetricFamily counts{"coffer_mailboxes", "Accounts by their protection", MetricType::gauge, {}};
  using enum Protection;
  for (const Protection protection : {is_protected, at_risk, unprotected, excluded, unsupported}) {
    const auto count = std::ranges::count(mailboxes, protection, &CountedMailbox::protection);
    counts.samples.push_back(
        {{{"state", std::string{name(protection)}}}, static_cast<double>(count)});
  }
  for (const CountedMailbox& mailbox : mailboxes) {
    if (!mailbox.last_good || mailbox.policy.empty()) continue;
    const std::pair key{mailbox.purpose, mailbox.policy};
    const auto [found, is_new] = oldest.emplace(key, *mailbox.last_good);
    if (!is_new) found->second = std::min(found->second, *mailbox.last_good);
  }
  MetricFamily success{"coffer_backup_last_success_timestamp_seconds",
                       "The oldest of the last good backups of the mailboxes of a type and policy",
                       MetricType::gauge,
                       {}};
  for (const auto& [key, time] : oldest) {
    success.samples.push_back(
        {{{"mailbox_type", key.first}, {"policy", key.second}}, seconds(time.time_since_epoch())});
  }
  families.push_back(std::move(success));
  families.push_back(std::move(counts));
}

void add_counters(const CountedSoFar& counted, std::vector<MetricFamily>& families) {
  MetricFamily items{"coffer_items_total",
                     "Items of backups and restores that ended, by result",
                     MetricType::counter,
                     {}};
  for (const auto& [result, count] : counted.items) {
    items.samples.push_back({{{"result", result}}, as_number(count)});
  }
  MetricFamily requests{"coffer_graph_requests_total",
                        "Requests sent to the service; status 0: no answer came",
                        MetricType::counter,
                        {}};
  for (const auto& [what, count] : counted.requests) {
    requests.samples.push_back(
        {{{"operation", label_of(what.first)}, {"status", base::text(what.second)}},
         as_number(count)});
  }
  families.push_back(std::move(items));
  families.push_back(std::move(requests));
  families.push_back({"coffer_throttled_seconds_total",
                      "Waiting that the service asked for, over all mailboxes of jobs that ended",
                      MetricType::counter,
                      {{{}, counted.throttled_seconds}}});
  families.push_back({"coffer_check_errors_total",
                      "Errors that checks found",
                      MetricType::counter,
                      {{{}, as_number(counted.check_errors)}}});
}

void add_jobs(const std::vector<jobs::Job>& open, std::vector<MetricFamily>& families) {
  using jobs::JobState;
  MetricFamily family{"coffer_jobs", "Jobs that are not ended", MetricType::gauge, {}};
  for (const JobState state : {JobState::queued, JobState::running, JobState::paused}) {
    const auto count = std::ranges::count(open, state, &jobs::Job::state);
    family.samples.push_back(
        {{{"state", std::string{jobs::name(state)}}}, static_cast<double>(count)});
  }
  families.push_back(std::move(family));
}

void add_store(const StoreFigures& figures, base::Instant now,
               std::vector<MetricFamily>& families) {
  const store::StoreStatistics& statistics = figures.statistics;
  const std::pair<const char*, std::uint64_t> kinds[] = {{"logical", statistics.logical_bytes},
                                                         {"unique", statistics.unique_bytes},
                                                         {"stored", statistics.stored_bytes},
                                                         {"index", statistics.index_bytes},
                                                         {"free", figures.free_bytes}};
  MetricFamily bytes{"coffer_store_bytes", "The store in bytes", MetricType::gauge, {}};
  for (const auto& [kind, size] : kinds) {
    bytes.samples.push_back({{{"kind", kind}}, as_number(size)});
  }
  families.push_back(std::move(bytes));
  if (statistics.unique_bytes > 0) {
    families.push_back(
        {"coffer_dedup_ratio",
         "Logical bytes by unique bytes",
         MetricType::gauge,
         {{{}, as_number(statistics.logical_bytes) / as_number(statistics.unique_bytes)}}});
  }
  if (figures.oldest_verified) {
    families.push_back({"coffer_oldest_unverified_seconds",
                        "How long the restore point verified longest ago, or never, has been so",
                        MetricType::gauge,
                        {{{}, std::max(seconds(now - *figures.oldest_verified), 0.0)}}});
  }
}

}  // namespace

std::vector<MetricFamily> metric_families(const ViewParts& parts, StoreView& store) {
  std::vector<MetricFamily> families;
  try {
    add_mailboxes(*parts.census.mailboxes(), families);
  } catch (const base::Error&) {
    // The store was never open: nothing is known of the mailboxes.
  }
  add_counters(parts.counters.so_far(), families);
  add_jobs(parts.runner.open_jobs(), families);
  try {
    add_store(store.figures(), parts.clock.now(), families);
  } catch (const base::Error&) {
    // The same; /readyz says why.
  }
  return families;
}

}  // namespace appliance

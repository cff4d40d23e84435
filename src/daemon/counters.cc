#include "src/daemon/counters.h"

#include "src/daemon/record_fields.h"

namespace appliance {

void Counters::job_ended(const jobs::Job& job) {
  if (!job.summary) return;
  const jobs::Record& summary = *job.summary;
  auto counted = counted_.lock();
  counted->throttled_seconds += number_in(summary, "throttled_seconds");
  if (job.order.command == "check") counted->check_errors += count_in(summary, "errors");
  const jobs::Record* items = record_in(summary, "items");
  if (items == nullptr) return;
  if (job.order.command == "backup") {
    for (const char* result : {"stored", "unchanged", "skipped", "failed"}) {
      counted->items[result] += count_in(*items, result);
    }
  }
  if (job.order.command == "restore") {
    counted->items["restored"] += count_in(*items, "restored") + count_in(*items, "replaced");
  }
}

void Counters::request(graph::Operation operation, int status) {
  ++counted_.lock()->requests[{operation, status}];
}

}  // namespace appliance

#include "src/jobs/run_order.h"

#include "schedules/spread.h"
#include "src/base/clock.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

namespace jobs {

void sort_for_run(std::vector<backup::Mailbox>& mailboxes,
                  const std::vector<store::Snapshot>& points) {
  std::map<std::string, base::Instant> newest;
  for (const store::Snapshot& point : points) newest.emplace(point.mailbox_id, point.time);
  const auto place = [&](const backup::Mailbox& mailbox) {
    const auto known = newest.find(mailbox.id.value);
    return std::tuple{known == newest.end() ? base::Instant::min() : known->second,
                      schedules::spread_place(mailbox.id.value)};
  };
  const auto comes_before = [&](const backup::Mailbox& left, const backup::Mailbox& right) {
    return place(left) < place(right);
  };
  for (auto begin = mailboxes.begin(); begin != mailboxes.end();) {
    const auto end = std::find_if(begin, mailboxes.end(), [&](const backup::Mailbox& mailbox) {
      return mailbox.policy != begin->policy || mailbox.rank != begin->rank;
    });
    std::sort(begin, end, comes_before);
    begin = end;
  }
}

}  // namespace jobs

#include "src/jobs/run_order.h"

#include "schedules/spread.h"
#include "src/base/clock.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace jobs {

void sort_for_run(std::vector<backup::Mailbox>& mailboxes,
                  const std::vector<store::Snapshot>& points) {
  using Place = std::pair<base::Instant, std::uint64_t>;
  std::map<std::string, Place> places;
  for (const backup::Mailbox& mailbox : mailboxes) {
    const std::string& id = mailbox.id.value;
    places[id] = {base::Instant::min(), schedules::spread_place(id)};
  }
  for (const store::Snapshot& point : points) {
    const auto found = places.find(point.mailbox_id);
    if (found != places.end()) found->second.first = point.time;
  }
  for (auto begin = mailboxes.begin(); begin != mailboxes.end();) {
    const auto end = std::find_if(begin, mailboxes.end(), [&](const backup::Mailbox& mailbox) {
      return mailbox.policy != begin->policy || mailbox.rank != begin->rank;
    });
    std::sort(begin, end, [&](const backup::Mailbox& left, const backup::Mailbox& right) {
      return places.find(left.id.value)->second < places.find(right.id.value)->second;
    });
    begin = end;
  }
}

}  // namespace jobs

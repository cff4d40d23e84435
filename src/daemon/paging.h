// Pages of lists that are in memory, and the cursors between them.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/record.h"
#include "web-status/appliance_view.h"

#include <string>
#include <utility>
#include <vector>

namespace appliance {

// "1775000000000.01j…": what is behind a moment and an id. Error(usage) for what is none.
std::string time_cursor(base::Instant time, const std::string& id);
std::pair<base::Instant, std::string> parse_time_cursor(const std::string& cursor);

// A page of a list that hardly changes; its cursor is a number of records.
web::Page page_of(const std::vector<jobs::Record>& records, const web::PageRequest& asked);

}  // namespace appliance

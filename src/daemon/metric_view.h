// The measurements that monitors scrape.
#pragma once

#include "src/daemon/store_view.h"
#include "src/daemon/view_parts.h"
#include "web-status/metrics.h"

#include <vector>

namespace appliance {

// What cannot be told while the store is closed is left out, rather than told as zero.
std::vector<web::MetricFamily> metric_families(const ViewParts& parts, StoreView& store);

}  // namespace appliance

// The store in figures: as it is, how it grows, when it was verified.
#pragma once

#include "src/base/clock.h"
#include "src/base/synchronized.h"
#include "src/daemon/trend.h"
#include "src/daemon/view_parts.h"
#include "src/jobs/record.h"
#include "store/repository.h"

#include <cstdint>
#include <optional>
#include <string>

namespace appliance {

struct StoreFigures {
  store::StoreStatistics statistics;
  std::uint64_t free_bytes = 0, capacity_bytes = 0;
  // How long the restore point that was verified longest ago, or never, has been so.
  std::optional<base::Instant> oldest_verified;
};

// Thread-safe. Taking figures costs a walk over all packs and restore points in the index: whoever
// knows that something was stored does it with measure(), so that readers never wait for it.
class StoreView {
 public:
  explicit StoreView(const ViewParts& parts) : parts_(parts) {}

  // As measure() last found them, and the disk as it is; the first call measures by itself. Errors
  // of the store if they were never taken.
  [[nodiscard]] StoreFigures figures();
  // Asks the store, for figures() from now on and for Trend::add(). Errors of the store.
  TrendPoint measure();

  // "store" of a status; of null where nothing is known.
  [[nodiscard]] jobs::Record store_record();
  [[nodiscard]] jobs::Record verification_record();
  // {"type":"storage",...}
  [[nodiscard]] jobs::Record storage();

 private:
  [[nodiscard]] StoreFigures take();
  void add_space(StoreFigures& figures) const;
  [[nodiscard]] jobs::Value::List copies() const;

  const ViewParts& parts_;
  base::Synchronized<std::optional<StoreFigures>> known_;
};

}  // namespace appliance

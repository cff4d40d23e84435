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

// Thread-safe. Figures are taken anew once a minute at most: they cost a walk over all packs and
// restore points in the index.
class StoreView {
 public:
  explicit StoreView(const ViewParts& parts) : parts_(parts) {}

  // While the store cannot be opened: as they last were. Errors of the store if they never were
  // taken.
  [[nodiscard]] StoreFigures figures();
  // For Trend::add(); asks the store. Errors of the store.
  [[nodiscard]] TrendPoint measure();

  // "store" of a status; of null where nothing is known.
  [[nodiscard]] jobs::Record store_record();
  [[nodiscard]] jobs::Record verification_record();
  // {"type":"storage",...}
  [[nodiscard]] jobs::Record storage();

 private:
  struct Known {
    std::optional<StoreFigures> figures;
    base::Duration taken{};
  };
  [[nodiscard]] StoreFigures take();
  [[nodiscard]] jobs::Value::List copies() const;

  const ViewParts& parts_;
  base::Synchronized<Known> known_;
};

}  // namespace appliance

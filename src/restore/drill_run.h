// A restore of random items up to the request that would be sent, compared with what was backed up:
// shows every day that there is a way back, without touching a mailbox or asking the service.
#pragma once

#include "src/base/clock.h"
#include "src/base/error.h"
#include "store/repository.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace restore {

struct DrillSettings {
  std::uint64_t items = 20;
  std::uint32_t seed = 1;  // what is chosen depends on it, and on the restore points
};

// One item and how it fared.
struct DrilledItem {
  std::string mailbox;   // address
  std::string snapshot;  // id
  base::Instant time{};  // of the restore point
  std::string folder;    // path; it and the item are unknown where damage hides which one it is
  std::string item;      // id
  std::string item_class;
  std::uint64_t size_bytes = 0;  // of the stream
  std::uint64_t body_bytes = 0;  // of the request
  std::optional<base::Error> failure;
};

struct DrillReport {
  std::uint64_t available = 0;  // items of all restore points
  std::uint64_t chosen = 0;
  std::uint64_t verified = 0;
  std::uint64_t mailboxes = 0;  // that the chosen items are of
  std::uint64_t points = 0;
  std::uint64_t stream_bytes = 0;  // of what was verified
  std::uint64_t body_bytes = 0;
  std::vector<DrilledItem> failures;
  bool cancelled = false;
};

struct DrillProgress {
  std::atomic<std::uint64_t> items_total{0};
  std::atomic<std::uint64_t> items_done{0};
  std::atomic<std::uint64_t> bytes_done{0};
};

// `on_item` is called for each item once it has ended. Damage costs the items it hits; what else
// the store throws ends the drill. Memory: some blocks of one item, and the choice itself.
DrillReport run_drill(store::Repository& repository, const DrillSettings& settings,
                      const std::function<void(const DrilledItem&)>& on_item,
                      DrillProgress& progress, std::stop_token stop);

}  // namespace restore

// Brings items of a restore point back through the import API: makes no mess and proves itself.
//
// Every stream is verified by the store before it is sent; afterwards the target is listed and each
// item matched. An item that already lies in the target is found by its search key, never by luck,
// and what this same restore made before it was cut off by its journal.
#pragma once

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/graph/mailbox_service.h"
#include "store/repository.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace restore {

// What to do with an item that lies in the target already.
//   skip     unchanged: nothing; changed: the old version is restored beside it
//   copy     the item is restored beside it
//   replace  unchanged: nothing; changed: brought to the old version
enum class OnConflict : std::uint8_t { skip, copy, replace };

struct RestoreSelection {
  // Folder ids of the snapshot, with all below them; empty together with `items`: everything.
  std::vector<std::string> folders;
  std::set<std::string> items;  // item ids
};

struct RestoreTarget {
  graph::MailboxId mailbox;
  std::string address;
  bool same_mailbox = false;  // the one the restore point is of
  bool in_place = false;  // into the folders the items came from (well-known folders are matched by
                          // their names)
  std::vector<std::string> into;  // folder names below the root of the target; used unless in_place
};

struct RestoreSettings {
  OnConflict on_conflict = OnConflict::skip;
  bool dry_run = false;
  std::size_t lanes = 3;
};

struct RestoreProblem {
  std::string mailbox;
  std::string folder;
  std::string item;
  std::string code;
  std::string message;
  std::string next;
};

enum class ItemAction : std::uint8_t { create, skip, replace };
enum class ItemResult : std::uint8_t { planned, restored, skipped, replaced, failed };

// One line of the report: what was (or, in a dry run, would be) done.
struct ItemReport {
  std::string item_id;        // in the restore point
  std::string source_folder;  // path
  std::string target_folder;  // path
  std::string item_class;
  std::uint64_t bytes = 0;
  ItemAction action = ItemAction::create;
  ItemResult result = ItemResult::planned;
  std::string target_item_id;
  bool verified = false;
  std::string reason;  // for skips and failures
};

struct RestoreReport {
  struct {
    std::uint64_t selected = 0, restored = 0, skipped = 0, replaced = 0, failed = 0, verified = 0;
    std::uint64_t untried = 0;  // because the restore ended before their turn
  } items;  // selected = restored + skipped + replaced + failed + untried, but for a dry run
  struct {
    std::uint64_t created = 0, reused = 0;
  } folders;
  // Of those skipped: made before this restore was cut off, and not as they should be.
  std::uint64_t unproven = 0;
  std::uint64_t bytes_sent = 0;
  // Of items a thousand at most, and one that says there are more; and what speaks of many.
  std::vector<RestoreProblem> problems;
  bool goes_on = false;  // with the same restore, which had been cut off
  bool cancelled = false;
  std::optional<base::Error> stopped_by;  // target full, denied
};

struct RestoreProgress {
  std::atomic<std::uint64_t> items_total{0};
  std::atomic<std::uint64_t> items_done{0};
  std::atomic<std::uint64_t> bytes_total{0};
  std::atomic<std::uint64_t> bytes_done{0};
};

struct Collaborators {
  graph::MailboxService& service;
  store::TenantStore& store;
  store::Journals journals;
  base::Clock& clock;
};

// `on_item` is called once per selected item, from one thread at a time, as results come.
RestoreReport run_restore(const Collaborators& with, const store::Snapshot& point,
                          const RestoreSelection& selection, const RestoreTarget& target,
                          const RestoreSettings& settings,
                          const std::function<void(const ItemReport&)>& on_item,
                          RestoreProgress& progress, std::stop_token stop);

}  // namespace restore

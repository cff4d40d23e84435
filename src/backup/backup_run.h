// A backup of many mailboxes side by side: every listed item accounted for, every mailbox its own
// matter.
//
// One poison item costs one item, one denied mailbox costs one mailbox; the run goes on. Finished
// mailboxes are committed in groups, so a killed run keeps them.
#pragma once

#include "src/backup/discovery.h"
#include "src/backup/drift.h"
#include "src/backup/folder_tree.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/graph/mailbox_service.h"
#include "store/repository.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace backup {

// Something that did not go as it should, in the operator's words.
struct Problem {
  std::string mailbox;  // address
  std::string folder;   // path; empty where no folder is concerned
  std::string item;     // id; empty where no item is concerned
  std::string code;
  std::string message;
  std::string next;  // "retry next run", "grant MailboxItem.Export.All", ...
};

enum class Outcome : std::uint8_t { complete, partial, failed, skipped };

struct MailboxReport {
  std::string address;
  std::string mailbox_id;
  Outcome outcome = Outcome::failed;
  // Of a failed or skipped mailbox: what kind of matter that was.
  std::optional<base::ErrorKind> failure;
  store::ItemCounts items;           // listed = stored + unchanged + skipped + failed, always
  std::uint64_t exported_bytes = 0;  // of streams
  std::uint64_t new_bytes = 0;       // not held by the store before
  std::uint64_t stored_bytes = 0;    // what they take in packs
  base::Duration throttled_time{};   // lost to the service's limits
  std::vector<Problem> problems;
  std::optional<store::Snapshot> snapshot;  // acknowledged
  // Of a run that listed again what the change feeds had told.
  std::optional<Drift> drift{};
};

struct RunReport {
  std::vector<MailboxReport> mailboxes;
  bool cancelled = false;
  // What stopped the whole run early: the store full or failing, sign-in refused.
  std::optional<base::Error> stopped_by;
};

// Numbers that a display may read at any time while the run is on.
struct RunProgress {
  std::atomic<std::uint64_t> mailboxes_total{0};
  std::atomic<std::uint64_t> mailboxes_done{0};
  std::atomic<std::uint64_t> items_listed{0};
  std::atomic<std::uint64_t> items_done{0};
  std::atomic<std::uint64_t> items_to_export{0};
  std::atomic<std::uint64_t> bytes_exported{0};
  std::atomic<std::uint64_t> bytes_to_export{0};  // by the service's sizes: an estimate
};

struct RunSettings {
  store::TenantDomain tenant;
  std::size_t concurrent_mailboxes = 32;
  std::size_t lanes_per_mailbox = 2;  // export calls in flight, and folders that are listened to
  bool full = false;                  // list everything again and reconcile
  // How long a mailbox is backed up by its change feeds alone, before it is listed as by `full`;
  // some mailboxes up to a quarter earlier, so that they do not all come in one night.
  base::Duration trust_feeds_for = std::chrono::hours{24 * 28};
  std::uint64_t commit_bytes = std::uint64_t{256}
                               << 20;  // new data after which finished mailboxes are committed
  base::Duration commit_interval = std::chrono::seconds{30};
};

// Thread-safe collaborators, all outliving the run.
struct Collaborators {
  graph::MailboxService& service;
  store::Repository& repository;
  base::Clock& clock;
  // If given, a mailbox that the service no longer knows is looked up again at once: accounts get
  // new mailboxes.
  graph::Directory* directory = nullptr;
};

// Never throws for what one mailbox or item does. `progress` outlives the run.
RunReport run_backup(const Collaborators& with, const RunSettings& settings,
                     const std::vector<Mailbox>& mailboxes, RunProgress& progress,
                     std::stop_token stop);

}  // namespace backup

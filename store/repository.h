// A repository: packs of sealed chunks, the hash-chained commit log, and the RocksDB index that can
// always be made again from the two.
//
// One process writes at a time, any number read beside it. Thread-safe.
#pragma once

#include "src/base/clock.h"
#include "src/base/secret.h"
#include "store/backend.h"
#include "store/content.h"
#include "store/copy.h"
#include "store/index.h"
#include "store/journal.h"
#include "store/prune.h"
#include "store/retention.h"
#include "store/snapshot.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace store {

enum class Access : std::uint8_t {
  read,
  write,
  reclaim,  // writing in order to free space: may use the store's reserve of it
};

struct StoreStatistics {
  std::uint64_t logical_bytes = 0;  // of all streams of all snapshots, shared ones each time
  std::uint64_t unique_bytes = 0;   // plaintext of the chunks held
  std::uint64_t stored_bytes = 0;   // of the packs
  std::uint64_t packs = 0;
  std::uint64_t chunks = 0;
  std::uint64_t items = 0;  // over all snapshots
  std::uint64_t snapshots = 0;
  std::uint64_t mailboxes = 0;
  std::uint64_t index_bytes = 0;
};

enum class CheckLevel : std::uint8_t {
  structure,  // log, trees, tables of contents
  scrub,      // every byte of packs and parity against their names; store/scrub.h, without a key
  full,       // structure, and every chunk opened, decompressed and hashed again
};

// Damage in the words of people: what cannot be restored, and from which restore points.
struct AffectedItem {
  std::string mailbox;  // address
  std::string folder;   // path of display names
  std::string item;     // id; empty where a whole folder or listing is affected
  std::vector<std::string> snapshots;
};

struct CheckReport {
  std::uint64_t restore_points = 0;  // looked at; forgotten ones as well
  std::uint64_t packs = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t packs_without_parity = 0;  // which is no error
  std::uint64_t healed = 0;                // what repair made whole: packs, and damaged parity
  std::uint64_t rescued_chunks = 0;        // of packs that could not be made whole
  std::uint64_t packs_left = 0;            // of this pass of scrub, when it ended early
  std::vector<std::string> errors;
  std::vector<AffectedItem> affected;
};

struct LogRepair {
  std::vector<std::string> damage;  // what was wrong with the commit log
  // What nobody can tell any more, for people; empty: the new log tells all that the old one did.
  std::string lost;

  [[nodiscard]] bool was_needed() const { return !damage.empty() || !lost.empty(); }
};

struct Progress {
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
};
using OnProgress = std::function<void(const Progress&)>;

// The part of a repository that belongs to one tenant.
class TenantStore {
 public:
  virtual ~TenantStore() = default;

  [[nodiscard]] virtual std::unique_ptr<ContentWriter> new_content() = 0;
  // Error(corrupt) if the store does not hold it.
  [[nodiscard]] virtual std::unique_ptr<ContentReader> open_content(
      const ContentRef& ref) const = 0;
  // For small contents (notes of the engine): whole.
  [[nodiscard]] virtual base::Bytes read_content(const ContentRef& ref) const = 0;

  [[nodiscard]] virtual std::unique_ptr<SnapshotReader> open_snapshot(
      const Snapshot& snapshot) const = 0;
  // `base`: the snapshot to start from.
  [[nodiscard]] virtual std::unique_ptr<SnapshotWriter> new_snapshot(const Snapshot* base) = 0;

  // Notes items that were stored for the mailbox, so that a run after this process was killed need
  // not export them again: until the next commit of the mailbox, or until the index is made anew.
  virtual void note_exported(const std::string& mailbox_id,
                             std::span<const ExportedItem> items) = 0;
  // The content of this version, if it was noted and the store still holds all of it; it then
  // counts as put.
  [[nodiscard]] virtual std::optional<ContentRef> exported(const std::string& mailbox_id,
                                                           const std::string& item_id,
                                                           const std::string& change_key) = 0;

  // Bytes put since the last commit() of the repository: for deciding when to commit a group.
  [[nodiscard]] virtual std::uint64_t uncommitted_bytes() const = 0;
};

class Repository {
 public:
  virtual ~Repository() = default;

  struct Settings {
    // The RocksDB folder; never inside the repository. Beside it, in `<index>.spool`, lies what a
    // backup has on its way into the store, so that a killed one need not fetch it again.
    std::filesystem::path index;
    // Parameters of new key slots (Argon2id); the defaults are the least that is allowed outside
    // tests.
    std::uint64_t kdf_memory_bytes = std::uint64_t{256} << 20;
    std::uint32_t kdf_passes = 3;
    bool parity = false;  // new packs get parity beside them (local disks)
    // Opens the index in place of RocksDB's at `index`; create drops what is there. For tests,
    // which keep it in memory.
    std::function<std::unique_ptr<Index>(Index::Mode, const RepositoryId&)> open_index;
  };

  // Whether there is a store, whole or damaged.
  static bool exists(const Backend& backend);

  // Error(usage) if there is already something there. Gives the recovery key, to be shown once.
  // What a creation left that was cut off before exists() is no obstacle.
  static base::Secret create(Backend& backend, const Settings& settings,
                             const base::Secret& passphrase, base::Clock& clock);

  // Errors: no_store, wrong_key, in_use, corrupt; usage for a format newer than this program. A
  // missing, stale or damaged index is noticed and made anew. Backend and clock outlive the
  // repository.
  static std::unique_ptr<Repository> open(Backend& backend, const Settings& settings,
                                          const base::Secret& key, Access access,
                                          base::Clock& clock);

  // Makes the index anew from packs and log, whatever is there; Error(corrupt) if the log has lost
  // what the index still remembers (repair_log()).
  static std::unique_ptr<Repository> rebuild_index(Backend& backend, const Settings& settings,
                                                   const base::Secret& key, base::Clock& clock,
                                                   const OnProgress& on_progress);

  // If the commit log is damaged, or has lost records that the index remembers, writes what can be
  // proven of it anew, from the index and from the records that can be read, and sets the old log
  // aside. Nothing happens if nothing is wrong. Errors as open() for writing, but for damage to the
  // log.
  static LogRepair repair_log(Backend& backend, const Settings& settings, const base::Secret& key,
                              base::Clock& clock);

  // Makes `second`, where there is nothing, a second store that the same keys open, or gives the
  // one there what it lacks of the first's keys; to be opened like any other. Slots are never
  // removed there. Error(usage) if something else lies there, which is then untouched. Killed at
  // any point, a rerun completes it.
  struct SecondStore {
    bool created = false;
    std::vector<std::string> problems;  // key slots that were not copied
  };
  static SecondStore prepare_second(const Backend& first, Backend& second, const Settings& settings,
                                    const base::Secret& key);

  // The returned store lives as long as the repository.
  [[nodiscard]] virtual TenantStore& tenant(const TenantDomain& tenant) = 0;

  // Uncommitted work that prune, which may run beside it, has to leave alone what it relies on for.
  // Held from before the first content is put until after the commit; each thread may have its own.
  class Work {
   public:
    virtual ~Work() = default;
  };
  [[nodiscard]] virtual std::unique_ptr<Work> begin_work() = 0;

  // False for a reader that tells what the index remembers, because the commit log is damaged or
  // has lost records: a check says more. Nobody can then open it for writing.
  [[nodiscard]] virtual bool is_log_sound() const = 0;

  // Every restore point that is not forgotten, ordered by mailbox id, then time.
  [[nodiscard]] virtual std::vector<Snapshot> snapshots() const = 0;
  // Of one mailbox, by time.
  [[nodiscard]] virtual std::vector<Snapshot> snapshots_of(const TenantDomain& tenant,
                                                           const std::string& mailbox_id) const = 0;

  // Acknowledges: packs are flushed, then one commit record with all of these is put and synced.
  // All or none.
  virtual void commit(std::span<const PreparedSnapshot> snapshots) = 0;

  // From now on they are not shown; recall() brings them back until they are purged. One commit
  // record for all. Error(usage) naming the first that a hold covers, Error(not_found) naming the
  // first that is not shown; nothing is then forgotten.
  virtual void forget(std::span<const Forgetting> which) = 0;
  // Error(not_found) naming the first that is not forgotten, or purged already.
  virtual void recall(std::span<const Snapshot> which) = 0;
  // What can still be recalled, ordered as snapshots() are.
  [[nodiscard]] virtual std::vector<ForgottenSnapshot> forgotten() const = 0;

  // A hold counts from its commit on, for what is forgotten already as well: that is not purged.
  virtual void add_hold(const Hold& hold) = 0;
  // Error(not_found) if there is none of that id.
  virtual void remove_hold(const std::string& id, const std::string& reason) = 0;
  // By time.
  [[nodiscard]] virtual std::vector<Hold> holds() const = 0;

  // Purges what was forgotten and is not held, and deletes what no restore point names any more.
  // Runs beside everything; a second one beside it throws Error(in_use). Killed at any point, it
  // has deleted nothing that is needed, and the next opening for writing ends what it began.
  // Error(corrupt) if it cannot tell what is needed: nothing is then deleted.
  virtual PruneReport prune(const PruneOptions& options, const OnProgress& on_progress,
                            std::stop_token stop) = 0;

  // Brings restore points and holds to a second store of the same repository, open for writing: all
  // that are shown here and that it has never had. What it lets go stays gone there, and what goes
  // here stays there. Packs of which most is needed are copied as they are and read back, other
  // chunks one by one. Restore points that damage hits are told and left out, the others are
  // copied. Killed at any point, or after Error(cancelled), Error(full) and Error(disk), a rerun
  // goes on from there.
  virtual CopyReport copy_to(Repository& second, const CopyOptions& options,
                             const OnProgress& on_progress, std::stop_token stop) = 0;

  // For what is done with the store rather than kept in it; open for reading suffices. They are
  // used while the repository is there.
  [[nodiscard]] virtual Journals journals() const = 0;

  [[nodiscard]] virtual StoreStatistics statistics() const = 0;

  // The beginning of the newest scrub or full check, both of the whole store and without a finding,
  // that began after each of these was committed; empty where there is none. In their order.
  [[nodiscard]] virtual std::vector<std::optional<base::Instant>> last_verified(
      std::span<const Snapshot> snapshots) const = 0;

  // Of the mailbox's newest restore point, and of later ones that are forgotten, as the last repair
  // found and later commits left it. For a backup, which exports them again; they are settled by
  // the commit that makes them whole.
  [[nodiscard]] virtual std::vector<LostItem> lost_items(const TenantDomain& tenant,
                                                         const std::string& mailbox_id) const = 0;

  // Checks, and makes whole what it can: packs from their parity, else from what is intact in them
  // or lies in other packs, damaged parity, and (for stores that have it) missing parity. Nothing
  // is lost by it: damaged bytes are kept below trash/quarantine. The report tells what is still
  // damaged. For a repository open for writing, with nothing else going on. After Error(cancelled)
  // or a kill a rerun goes on.
  virtual CheckReport repair(CheckLevel level, const OnProgress& on_progress,
                             std::stop_token stop) = 0;

  // Finds damage and goes on; throws only when it cannot go on.
  [[nodiscard]] virtual CheckReport check(CheckLevel level, const OnProgress& on_progress,
                                          std::stop_token stop) const = 0;
};

}  // namespace store

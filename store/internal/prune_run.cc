#include "store/internal/prune_run.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/live_records.h"
#include "store/internal/object_name.h"
#include "store/internal/prune_journal.h"
#include "store/internal/prune_plan.h"
#include "store/internal/second_opinion.h"
#include "store/packs.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace store {
namespace {

using base::ErrorKind;

// Restore points by the keys of their rows.
using Roots = RepositoryState::Snapshots;

PackObject object_of(const PackRow& row) { return {row.id, row.chunk_class, row.size_bytes}; }

void discard_pack(Backend& backend, const PackObject& pack, std::uint64_t epoch) {
  // The parity first: parity without a pack means that the pack was lost.
  backend.discard(parity_name(pack.id), epoch);
  backend.discard(pack_name(pack.chunk_class, pack.id), epoch);
}

void remove_rows(const Backend& backend, const KeyRing& keys, Index& index,
                 const PackObject& pack) {
  const std::optional<std::uint32_t> number = index.pack_number(pack.id);
  if (!number) return;
  std::vector<ChunkId> chunks;
  for (const IndexedChunk& chunk : read_pack_contents(backend, keys, pack).chunks) {
    chunks.push_back(chunk.id);
  }
  index.remove_pack(*number, chunks);
}

void add(const PruneReport& report, PruneReport& all) {
  if (report.epoch != 0) all.epoch = report.epoch;
  all.purged.insert(all.purged.end(), report.purged.begin(), report.purged.end());
  all.packs_deleted += report.packs_deleted;
  all.packs_rewritten += report.packs_rewritten;
  all.chunks_moved += report.chunks_moved;
  all.bytes_deleted += report.bytes_deleted;
  all.bytes_written += report.bytes_written;
  all.trash_bytes_freed += report.trash_bytes_freed;
  all.bytes_left = report.bytes_left;
}

class PruneRun {
 public:
  PruneRun(const PruneSubjects& with, const PruneOptions& options, const OnProgress& on_progress,
           const std::stop_token& stop)
      : with_(with),
        options_(options),
        on_progress_(on_progress),
        stop_(stop),
        journal_(with.backend, with.keys),
        live_(with.index, stop) {}

  PruneReport run() {
    const std::vector<std::uint64_t> epochs = journal_.epochs();
    if (!options_.dry_run) tidy(epochs);
    with_.leases.expire();
    work_ = with_.leases.begin_work();
    find_roots();
    mark_roots();
    plan_ = plan_prune(candidates(), rules());
    report_.packs_deleted = plan_.dead.size();
    report_.packs_rewritten = plan_.rewritten.size();
    report_.bytes_left = plan_.total_bytes - plan_.condemned_bytes();
    report_.bytes_deleted = plan_.condemned_bytes();
    for (const auto& [key, snapshot] : purged_) report_.purged.push_back(snapshot.id);
    if (options_.dry_run || (purged_.empty() && plan_.empty())) return report_;
    report_.epoch = next_epoch(epochs);
    delete_what_is_dead();
    return report_;
  }
  [[nodiscard]] bool is_short_of_space() const { return plan_.short_of_space; }

 private:
  void find_roots();
  void mark_roots();
  void mark(const Snapshot& snapshot);
  [[nodiscard]] PrunePlan::Rules rules() const;
  [[nodiscard]] std::vector<PruneCandidate> candidates() const;
  [[nodiscard]] std::uint64_t next_epoch(const std::vector<std::uint64_t>& epochs) const;
  void tidy(const std::vector<std::uint64_t>& epochs);
  void empty_batch(std::uint64_t batch);

  void delete_what_is_dead();
  void note(PruneStep step);
  void move_from(const PruneCandidate& pack);
  void move_all();
  void flush();
  void form_second_opinion();
  void fence(const PruneSubjects::Commit& commit);
  void take_in_newcomers();
  void compare_opinions();
  [[nodiscard]] bool is_needed(const PruneCandidate& pack, const IndexedChunk& chunk) const;
  void stop_if_asked() const {
    if (!stop_.stop_requested()) return;
    throw base::Error{ErrorKind::cancelled, "prune was stopped; nothing that is needed is gone"};
  }
  void advance(std::uint64_t bytes) {
    progress_.done_bytes += bytes;
    if (on_progress_) on_progress_(progress_);
  }

  const PruneSubjects& with_;
  const PruneOptions& options_;
  const OnProgress& on_progress_;
  const std::stop_token& stop_;
  PruneJournal journal_;
  std::unique_ptr<Repository::Work> work_;  // what is moved is not committed by anybody
  Roots roots_;
  Roots purged_;
  std::set<std::string> bases_;  // ids of those that are marked
  LiveRecords live_;
  PrunePlan plan_;
  std::unique_ptr<SecondOpinion> opinion_;
  std::set<PackId> condemned_;
  std::map<base::Bytes, TenantDomain> tenants_;  // by tag
  Progress progress_;
  PruneReport report_;
};

// The log is read whole, and has to tell the same restore points as the index: a gap, or an index
// that has lost some, stops here.
void PruneRun::find_roots() {
  std::set<std::string> told;
  std::set<std::string> gone;
  with_.log.verify(
      [&](const CommitRecord& record, const LogCursor&) {
        for (const Snapshot& snapshot : record.snapshots) told.insert(with_.rows.key_of(snapshot));
        for (const LogEvent& event : record.events) {
          if (const auto* purge = std::get_if<SnapshotPurged>(&event)) gone.insert(purge->key);
        }
      },
      [](const base::Error& error) { throw base::Error{error}; });
  const RepositoryState state = with_.state();
  roots_ = state.unpurged("");
  for (const std::string& key : told) {
    if (gone.contains(key) || roots_.contains(key)) continue;
    throw base::Error{
        ErrorKind::corrupt,
        "the index lacks restore points that the commit log holds: run rebuild-index"};
  }
  const std::vector<Hold> holds = state.holds();
  for (const auto& [key, tombstone] : state.tombstones("")) {
    const auto root = roots_.find(key);
    if (root == roots_.end()) continue;
    const bool held =
        std::ranges::any_of(holds, [&](const Hold& hold) { return hold.covers(root->second); });
    if (!held) purged_.insert(roots_.extract(root));
  }
}

void PruneRun::mark_roots() {
  for (const auto& [key, snapshot] : roots_) mark(snapshot);
  for (const Snapshot& base : with_.leases.bases()) {
    mark(base);
    bases_.insert(base.id);
  }
  // Those of which nothing stays may still be worked on.
  for (const TenantDomain& tenant : with_.open_tenants()) {
    tenants_.emplace(base::to_bytes(with_.keys.tenant(tenant).tag()), tenant);
  }
}

void PruneRun::mark(const Snapshot& snapshot) {
  stop_if_asked();
  const base::ByteView tag = with_.keys.tenant(snapshot.tenant).tag();
  live_.mark(with_.chunks_of(snapshot.tenant), tag, snapshot);
  tenants_.emplace(base::to_bytes(tag), snapshot.tenant);
}

PrunePlan::Rules PruneRun::rules() const {
  PrunePlan::Rules rules;
  rules.delete_only = options_.delete_only;
  rules.reserve_used = with_.reserve_used;
  rules.free_bytes = with_.backend.free_bytes();
  for (const auto& [tag, tenant] : tenants_) {
    rules.generation = with_.keys.tenant(tenant).current_generation();
  }
  return rules;
}

std::vector<PruneCandidate> PruneRun::candidates() const {
  std::vector<PruneCandidate> candidates;
  with_.index.for_each_pack([&](std::uint32_t number, const PackRow& row) {
    PruneCandidate pack;
    pack.number = number;
    pack.row = row;
    if (const LiveRecords::OfPack* live = live_.in_pack(number)) {
      pack.live_bytes = live->space_bytes;
    }
    // After the row was read: a pack is leased before it is indexed.
    pack.is_leased = with_.leases.is_leased(row.id);
    pack.has_leases = with_.leases.has_lease_in(number);
    candidates.push_back(std::move(pack));
  });
  return candidates;
}

std::uint64_t PruneRun::next_epoch(const std::vector<std::uint64_t>& epochs) const {
  std::uint64_t last = epochs.empty() ? 0 : epochs.back();
  for (const std::uint64_t batch : with_.backend.discarded_batches()) last = std::max(last, batch);
  return last + 1;
}

// What earlier prunes left: trash whose time has passed, and notes of those that came to nothing.
void PruneRun::tidy(const std::vector<std::uint64_t>& epochs) {
  const base::Instant now = with_.clock.now();
  for (const std::uint64_t epoch : epochs) {
    std::optional<PruneNote> done;
    try {
      done = journal_.read(epoch, PruneStep::done);
      if (!done && !journal_.read(epoch, PruneStep::deleting)) journal_.remove(epoch);
    } catch (const base::Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      base::log(base::LogLevel::warning, "the trash of prune ", epoch, " stays: ", error.what());
    }
    if (!done) continue;
    // A clock that was set back makes it stay, never go.
    if (!options_.delete_only && now - done->time < options_.trash_for) continue;
    empty_batch(epoch);
    if (epoch != epochs.back()) journal_.remove(epoch);
  }
}

void PruneRun::empty_batch(std::uint64_t batch) {
  report_.trash_bytes_freed += with_.backend.empty_batch(batch);
}

void PruneRun::note(PruneStep step) {
  PruneNote note;
  note.time = with_.clock.now();
  for (const PruneCandidate& pack : plan_.condemned()) note.packs.push_back(object_of(pack.row));
  journal_.write(report_.epoch, step, note);
}

void PruneRun::delete_what_is_dead() {
  note(PruneStep::plan);
  const std::vector<std::uint32_t> numbers = plan_.condemned_numbers();
  with_.leases.condemn(numbers);
  try {
    note(PruneStep::condemned);
    for (const PruneCandidate& pack : plan_.condemned()) {
      condemned_.insert(pack.row.id);
      progress_.total_bytes += pack.live_bytes;
    }
    move_all();
    form_second_opinion();
    with_.holding_commits([&](const PruneSubjects::Commit& commit) { fence(commit); });
  } catch (...) {
    with_.leases.acquit(numbers);
    throw;
  }
  for (const PruneCandidate& pack : plan_.condemned()) {
    remove_rows(with_.backend, with_.keys, with_.index, object_of(pack.row));
    discard_pack(with_.backend, object_of(pack.row), report_.epoch);
  }
  note(PruneStep::done);
  if (plan_.short_of_space) empty_batch(report_.epoch);
}

void PruneRun::move_all() {
  for (const PruneCandidate& pack : plan_.condemned()) {
    move_from(pack);
    advance(pack.live_bytes);
  }
  flush();
}

// Whether the chunk is still needed from this pack: it is not if it lies in another one by now.
bool PruneRun::is_needed(const PruneCandidate& pack, const IndexedChunk& chunk) const {
  const std::uint16_t record = chunk.location.record_number;
  if (!live_.is_live(pack.number, record) && !with_.leases.is_leased(pack.number, record)) {
    return false;
  }
  const std::optional<ChunkLocation> place = with_.index.find(pack.row.tenant_tag, chunk.id);
  return place && place->pack_number == pack.number;
}

void PruneRun::move_from(const PruneCandidate& pack) {
  if (live_.in_pack(pack.number) == nullptr && !with_.leases.has_lease_in(pack.number)) return;
  const auto tenant = tenants_.find(pack.row.tenant_tag);
  if (tenant == tenants_.end()) {
    throw base::Error{ErrorKind::corrupt, base::text("pack ", pack.row.id.hex(),
                                                     " is needed by no tenant that is known")};
  }
  ChunkStore& chunks = with_.chunks_of(tenant->second);
  for (const IndexedChunk& chunk :
       read_pack_contents(with_.backend, with_.keys, object_of(pack.row)).chunks) {
    stop_if_asked();
    if (!is_needed(pack, chunk)) continue;
    const std::optional<base::Bytes> plaintext = chunks.get(chunk.id);
    if (!plaintext) continue;  // it lay there a moment ago: another pack has it, or nobody needs it
    const ChunkStore::PutResult moved = chunks.put(pack.row.chunk_class, *plaintext);
    if (moved.id != chunk.id) {
      throw base::Error{ErrorKind::corrupt, base::text("chunk ", chunk.id.hex(), " in pack ",
                                                       pack.row.id.hex(), " is another one")};
    }
    if (!moved.is_new) continue;
    ++report_.chunks_moved;
    report_.bytes_written += moved.stored_bytes;
  }
}

void PruneRun::flush() {
  for (const auto& [tag, tenant] : tenants_) with_.chunks_of(tenant).flush();
}

void PruneRun::form_second_opinion() {
  opinion_ = std::make_unique<SecondOpinion>(with_.backend, with_.keys, condemned_, stop_);
  for (const auto& [key, snapshot] : roots_) opinion_->keep(snapshot);
  for (const Snapshot& base : with_.leases.bases()) {
    if (bases_.contains(base.id)) opinion_->keep(base);
  }
}

// While no commit can be made: what came since the beginning is taken in, and only then is anything
// decided.
void PruneRun::fence(const PruneSubjects::Commit& commit) {
  note(PruneStep::fenced);
  take_in_newcomers();
  move_all();
  compare_opinions();
  std::vector<Snapshot> going;
  std::vector<LogEvent> events;
  for (const auto& [key, snapshot] : purged_) {
    going.push_back(snapshot);
    events.emplace_back(SnapshotPurged{key});
  }
  with_.leases.condemn_snapshots(going);
  if (!events.empty()) commit(std::move(events));
  note(PruneStep::deleting);
}

void PruneRun::take_in_newcomers() {
  const RepositoryState state = with_.state();
  const RepositoryState::Tombstones tombstones = state.tombstones("");
  const std::vector<Hold> holds = state.holds();
  const auto take_in = [&](const Snapshot& snapshot) {
    mark(snapshot);
    opinion_->keep(snapshot);
  };
  opinion_->look_again();
  for (const auto& [key, snapshot] : state.unpurged("")) {
    if (roots_.contains(key)) continue;
    const bool held =
        std::ranges::any_of(holds, [&](const Hold& hold) { return hold.covers(snapshot); });
    // Still to be purged, unless somebody has thought better of it.
    if (purged_.contains(key) && tombstones.contains(key) && !held) continue;
    purged_.erase(key);
    take_in(snapshot);
  }
  for (const Snapshot& base : with_.leases.bases()) {
    if (bases_.insert(base.id).second) take_in(base);
  }
  report_.purged.clear();
  for (const auto& [key, snapshot] : purged_) report_.purged.push_back(snapshot.id);
}

void PruneRun::compare_opinions() {
  opinion_->look_again();
  std::set<PackId> deletable;
  for (const PruneCandidate& pack : plan_.condemned()) {
    bool needed = false;
    if (live_.in_pack(pack.number) != nullptr || with_.leases.has_lease_in(pack.number)) {
      for (const IndexedChunk& chunk :
           read_pack_contents(with_.backend, with_.keys, object_of(pack.row)).chunks) {
        needed = needed || is_needed(pack, chunk);
      }
    }
    if (!needed) deletable.insert(pack.row.id);
  }
  if (deletable == condemned_ && opinion_->deletable() == condemned_) return;
  throw base::Error{ErrorKind::corrupt,
                    "two computations of what may be deleted do not agree, so nothing was deleted: "
                    "run check, then rebuild-index"};
}

}  // namespace

PruneReport run_prune(const PruneSubjects& subjects, const PruneOptions& options,
                      const OnProgress& on_progress, const std::stop_token& stop) {
  PruneReport all;
  for (;;) {
    PruneRun run{subjects, options, on_progress, stop};
    const PruneReport report = run.run();
    add(report, all);
    // On a full disk each round makes room for what the next one has to write.
    const bool gained = report.bytes_deleted > report.bytes_written;
    if (!run.is_short_of_space() || !gained || options.dry_run) return all;
  }
}

void end_deletions(Backend& backend, const KeyRing& keys, Index* index, base::Instant now) {
  PruneJournal journal{backend, keys};
  for (const std::uint64_t epoch : journal.epochs()) {
    std::optional<PruneNote> deleting;
    try {
      deleting = journal.read(epoch, PruneStep::deleting);
      if (!deleting || journal.read(epoch, PruneStep::done)) continue;
    } catch (const base::Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      // Whatever was to be deleted stays, and the next prune finds it again.
      base::log(base::LogLevel::error, "a prune that was cut off cannot be ended: ", error.what());
      continue;
    }
    base::log(base::LogLevel::info, "ending the deletions of prune ", epoch);
    for (const PackObject& pack : deleting->packs) {
      if (index != nullptr) remove_rows(backend, keys, *index, pack);
      discard_pack(backend, pack, epoch);
    }
    journal.write(epoch, PruneStep::done, {now, deleting->packs});
  }
}

}  // namespace store

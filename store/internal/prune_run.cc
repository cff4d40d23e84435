#include "store/internal/prune_run.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/evacuation.h"
#include "store/internal/live_records.h"
#include "store/internal/log_state.h"
#include "store/internal/prune_journal.h"
#include "store/internal/prune_leftovers.h"
#include "store/internal/prune_plan.h"
#include "store/internal/second_opinion.h"
#include "store/packs.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace store {
namespace {

using base::ErrorKind;

PackObject object_of(const PackRow& row) { return {row.id, row.chunk_class, row.size_bytes}; }

// Restore points by the keys of their rows.
using Roots = RepositoryState::Snapshots;

// A prune that finds trash waiting says so in the log, unless somebody has just been there: trash
// grows old only as the log bears witness of time.
constexpr base::Duration kWitnessEvery = std::chrono::hours{12};

std::vector<Snapshot> values(const Roots& roots) {
  std::vector<Snapshot> snapshots;
  for (const auto& [key, snapshot] : roots) snapshots.push_back(snapshot);
  return snapshots;
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
  all.bytes_left = report.bytes_left;  // what earlier rounds wrote is among it
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
        leftovers_(with.backend, with.keys),
        log_(with.log, with.rows),
        live_(with.index, stop) {}

  PruneReport run();
  [[nodiscard]] bool is_short_of_space() const { return plan_.short_of_space; }

 private:
  void find_roots();
  void mark_roots();
  void know_open_tenants();
  void mark(const Snapshot& snapshot);
  void make_plan();
  [[nodiscard]] PrunePlan::Rules rules() const;
  [[nodiscard]] std::vector<PruneCandidate> candidates() const;
  void bear_witness();

  void delete_what_is_dead();
  void note(PruneStep step);
  void prepare();
  void fence(const PruneSubjects::Commit& commit);
  void reprieve();
  void take_in_newcomers();
  void take_in(const Snapshot& snapshot);
  void compare_with_index() const;
  void compare_opinions() const;
  void stop_if_asked() const {
    if (!stop_.stop_requested()) return;
    throw base::Error{ErrorKind::cancelled, "prune was stopped; nothing that is needed is gone"};
  }

  const PruneSubjects& with_;
  const PruneOptions& options_;
  const OnProgress& on_progress_;
  const std::stop_token& stop_;
  PruneJournal journal_;
  PruneLeftovers leftovers_;
  std::unique_ptr<Repository::Work> work_;  // what is moved is not committed by anybody
  LogState log_;
  Roots roots_;
  Roots purged_;
  std::set<std::string> bases_;  // ids of those that are marked
  LiveRecords live_;
  PrunePlan plan_;
  std::set<PackId> condemned_;
  std::map<base::Bytes, TenantDomain> tenants_;  // by tag
  std::optional<Evacuation> evacuation_;
  std::optional<SecondOpinion> opinion_;
  // From here on it may be written that the packs are to go, whatever is thrown.
  bool is_decided_ = false;
  PruneReport report_;
};

PruneReport PruneRun::run() {
  if (const std::string gone = leftovers_.contradiction(with_.log); !gone.empty()) {
    throw base::Error{ErrorKind::corrupt, gone};
  }
  with_.leases.expire();
  work_ = with_.leases.begin_work();
  find_roots();
  if (!options_.dry_run && !log_.tells_nothing()) {
    report_.trash_bytes_freed += leftovers_.tidy(log_, with_.clock.now(), options_.trash_for);
  }
  mark_roots();
  make_plan();
  if (options_.dry_run) return report_;
  if (plan_.short_of_space && !log_.tells_nothing()) {
    if (const std::uint64_t freed = leftovers_.empty_trash(); freed > 0) {
      report_.trash_bytes_freed += freed;
      make_plan();
    }
  }
  if (purged_.empty() && plan_.empty()) {
    bear_witness();
    return report_;
  }
  report_.epoch = leftovers_.next_epoch();
  delete_what_is_dead();
  return report_;
}

void PruneRun::compare_with_index() const {
  const std::string difference = log_.contradiction(with_.state());
  if (!difference.empty()) throw base::Error{ErrorKind::corrupt, difference};
}

// By the log, which is read whole. The index has to tell the same: it lies outside the store, and
// one that somebody put there must not decide what is purged.
void PruneRun::find_roots() {
  log_.read_on();
  with_.holding_commits([&](const PruneSubjects::Commit&) {
    log_.read_on();
    compare_with_index();
  });
  purged_ = log_.doomed();
  roots_ = log_.unpurged();
  for (const auto& [key, snapshot] : purged_) roots_.erase(key);
}

void PruneRun::mark_roots() {
  for (const auto& [key, snapshot] : roots_) mark(snapshot);
  for (const Snapshot& base : with_.leases.bases()) {
    mark(base);
    bases_.insert(base.id);
  }
  know_open_tenants();
}

// Those of which nothing stays may still be worked on.
void PruneRun::know_open_tenants() {
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

void PruneRun::make_plan() {
  plan_ = plan_prune(candidates(), rules());
  // A first backup that was killed, or a log that is gone: nobody can tell, so all of it stays.
  if (log_.tells_nothing() && !plan_.empty()) {
    base::log(base::LogLevel::warning, "the store holds ",
              plan_.dead.size() + plan_.rewritten.size(),
              " packs, and its commit log tells of no restore point at all: prune leaves "
              "everything as it is");
    plan_.dead.clear();
    plan_.rewritten.clear();
  }
  report_.packs_deleted = plan_.dead.size();
  report_.packs_rewritten = plan_.rewritten.size();
  report_.bytes_left = plan_.total_bytes - plan_.condemned_bytes();
  report_.bytes_deleted = plan_.condemned_bytes();
  report_.purged.clear();
  for (const auto& [key, snapshot] : purged_) report_.purged.push_back(snapshot.id);
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
    pack.has_leases = with_.leases.leases_in(number) > 0;
    candidates.push_back(std::move(pack));
  });
  return candidates;
}

void PruneRun::bear_witness() {
  if (!leftovers_.has_trash() || log_.tells_nothing()) return;
  const base::Instant last = *log_.last_time();
  if (with_.clock.now() - last < kWitnessEvery && with_.clock.now() >= last) return;
  with_.holding_commits([](const PruneSubjects::Commit& commit) { commit({}); });
}

void PruneRun::note(PruneStep step) {
  PruneNote note;
  note.time = with_.clock.now();
  note.heads = log_.heads();
  for (const PruneCandidate& pack : plan_.condemned()) note.packs.push_back(object_of(pack.row));
  journal_.write(report_.epoch, step, note);
}

void PruneRun::delete_what_is_dead() {
  note(PruneStep::plan);
  const std::vector<std::uint32_t> numbers = plan_.condemned_numbers();
  with_.leases.condemn(numbers);
  try {
    note(PruneStep::condemned);
    prepare();
    with_.holding_commits([&](const PruneSubjects::Commit& commit) { fence(commit); });
  } catch (...) {
    // A note that could not be written may be there all the same: then the next opening deletes.
    if (!is_decided_) {
      with_.leases.acquit(numbers);
      with_.leases.acquit_snapshots(values(purged_));
    }
    throw;
  }
  for (const PruneCandidate& pack : plan_.condemned()) {
    remove_rows(with_.backend, with_.keys, with_.index, object_of(pack.row));
    discard_pack(with_.backend, object_of(pack.row), report_.epoch);
  }
  note(PruneStep::done);
  if (plan_.short_of_space) {
    report_.trash_bytes_freed += with_.backend.empty_batch(report_.epoch);
  }
}

// All that takes time, beside everything else. What comes meanwhile is taken in at the end, so that
// the fence has little left to do.
void PruneRun::prepare() {
  // Whoever relies on anything in the condemned packs has done so by now.
  know_open_tenants();
  Progress progress;
  for (const PruneCandidate& pack : plan_.condemned()) {
    condemned_.insert(pack.row.id);
    progress.total_bytes += pack.live_bytes;
  }
  evacuation_.emplace(Evacuation::Subjects{with_.backend, with_.keys, with_.index, with_.leases,
                                           live_, with_.chunks_of, tenants_, stop_},
                      plan_.condemned());
  evacuation_->settle([&](const PruneCandidate& pack) {
    progress.done_bytes += pack.live_bytes;
    if (on_progress_) on_progress_(progress);
  });
  opinion_.emplace(with_.backend, with_.keys, condemned_, stop_);
  for (const auto& [key, snapshot] : roots_) opinion_->keep(snapshot);
  for (const Snapshot& base : with_.leases.bases()) {
    if (bases_.contains(base.id)) opinion_->keep(base);
  }
  log_.read_on();
  reprieve();
  take_in_newcomers();
  evacuation_->settle({});
}

// While no commit can be made: what came since the beginning is taken in, and only then is anything
// decided. Nobody can start any more from what is purged; who has started by now is a newcomer.
void PruneRun::fence(const PruneSubjects::Commit& commit) {
  log_.read_on();
  note(PruneStep::fenced);
  compare_with_index();
  reprieve();
  with_.leases.condemn_snapshots(values(purged_));
  take_in_newcomers();
  evacuation_->settle({});
  report_.chunks_moved = evacuation_->chunks_moved();
  report_.bytes_written = evacuation_->bytes_written();
  report_.bytes_left += report_.bytes_written;
  opinion_->look_again();
  compare_opinions();
  std::vector<LogEvent> events;
  for (const auto& [key, snapshot] : purged_) events.emplace_back(SnapshotPurged{key});
  is_decided_ = true;
  // A record even if nothing is purged: by that readers notice that the packs are others.
  commit(std::move(events));
  log_.read_on();
  note(PruneStep::deleting);
}

// What was to be purged, and somebody has thought better of it: it is a newcomer then.
void PruneRun::reprieve() {
  const Roots doomed = log_.doomed();
  std::erase_if(purged_, [&](const auto& entry) { return !doomed.contains(entry.first); });
}

void PruneRun::take_in_newcomers() {
  // Before the packs are listed: whoever starts now may start from what was committed just now.
  const std::vector<Snapshot> bases = with_.leases.bases();
  opinion_->look_again();
  know_open_tenants();
  for (const auto& [key, snapshot] : log_.unpurged()) {
    if (roots_.contains(key) || purged_.contains(key)) continue;
    roots_.emplace(key, snapshot);
    take_in(snapshot);
  }
  for (const Snapshot& base : bases) {
    if (bases_.insert(base.id).second) take_in(base);
  }
  report_.purged.clear();
  for (const auto& [key, snapshot] : purged_) report_.purged.push_back(snapshot.id);
}

void PruneRun::take_in(const Snapshot& snapshot) {
  mark(snapshot);
  opinion_->keep(snapshot);
}

void PruneRun::compare_opinions() const {
  if (evacuation_->vacated() == condemned_ && opinion_->deletable() == condemned_) return;
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

}  // namespace store

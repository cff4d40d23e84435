#include "store/repository.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "store/index.h"
#include "store/internal/codec.h"
#include "store/internal/commit_log.h"
#include "store/internal/copy_run.h"
#include "store/internal/export_notes.h"
#include "store/internal/index_upkeep.h"
#include "store/internal/lost_items.h"
#include "store/internal/pack_repair.h"
#include "store/internal/pack_spool.h"
#include "store/internal/prune_run.h"
#include "store/internal/repository_check.h"
#include "store/internal/repository_state.h"
#include "store/internal/reserve_size.h"
#include "store/internal/scrub_run.h"
#include "store/internal/sealed_chunk_store.h"
#include "store/internal/state_rows.h"
#include "store/internal/statistics.h"
#include "store/internal/tenant_store.h"
#include "store/internal/verification_ledger.h"
#include "store/internal/verified_points.h"
#include "store/keys.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

namespace store {
namespace {

// A chain's head; one writer's own is where its next record goes.
using Heads = std::map<WriterId, LogCursor>;

class PackedRepository final : public Repository {
 public:
  PackedRepository(Backend& backend, const Settings& settings, base::Clock& clock, Access access,
                   std::shared_ptr<const KeyRing> keys, std::unique_ptr<Backend::Lock> lock)
      : backend_(&backend),
        settings_(settings),
        parity_(settings.parity),
        clock_(&clock),
        access_(access),
        lock_(std::move(lock)),
        keys_(std::move(keys)),
        log_(backend, *keys_),
        rows_(*keys_),
        codec_(make_zstd_codec()) {}

  ~PackedRepository() override;
  PackedRepository(const PackedRepository&) = delete;
  PackedRepository& operator=(const PackedRepository&) = delete;

  [[nodiscard]] auto chunks_of() const {
    return [this](const TenantDomain& domain) -> ChunkStore& { return store_of(domain).chunks(); };
  }

  void open_index(bool reserve_used) {
    reserve_used_ = reserve_used;
    const IndexUpkeep upkeep{*backend_, *keys_, log_, rows_, settings_};
    if (access_ != Access::read) {
      use(upkeep.open_for_writing(clock_->now()));
      if (access_ != Access::write) return;
      backend_->keep_reserve(reserve_bytes());
      return survey_once(state(), *index_, *keys_, rows_, chunks_of());
    }
    IndexUpkeep::ReadingView view = upkeep.open_for_reading(clock_->now());
    use(std::move(view.index));
    *newer_.lock() = std::move(view.newer);
    told_ = std::move(view.told);
  }

  void rebuild_index(const OnProgress& on_progress) {
    use(IndexUpkeep{*backend_, *keys_, log_, rows_, settings_}.rebuild(clock_->now(), on_progress));
  }

  [[nodiscard]] TenantStore& tenant(const TenantDomain& domain) override {
    return store_of(domain);
  }
  [[nodiscard]] bool is_log_sound() const override { return access_ != Access::read || told_; }
  [[nodiscard]] std::vector<Snapshot> snapshots() const override { return state().shown(""); }
  [[nodiscard]] std::vector<Snapshot> snapshots_of(const TenantDomain& domain,
                                                   const std::string& mailbox_id) const override {
    return state().shown(rows_.prefix(domain, mailbox_id));
  }
  void commit(std::span<const PreparedSnapshot> snapshots) override;
  void forget(std::span<const Forgetting> which) override;
  void recall(std::span<const Snapshot> which) override;
  [[nodiscard]] std::vector<ForgottenSnapshot> forgotten() const override {
    return state().forgotten();
  }
  void add_hold(const Hold& hold) override;
  void remove_hold(const std::string& id, const std::string& reason) override;
  [[nodiscard]] std::vector<Hold> holds() const override { return state().holds(); }
  [[nodiscard]] std::unique_ptr<Work> begin_work() override;
  PruneReport prune(const PruneOptions& options, const OnProgress& on_progress,
                    std::stop_token stop) override;
  CopyReport copy_to(Repository& second, const CopyOptions& options, const OnProgress& on_progress,
                     std::stop_token stop) override;
  [[nodiscard]] Journals journals() const override { return {*backend_, *keys_}; }
  [[nodiscard]] StoreStatistics statistics() const override {
    return statistics_of(*index_, snapshots());
  }
  [[nodiscard]] std::vector<std::optional<base::Instant>> last_verified(
      std::span<const Snapshot> snapshots) const override;
  [[nodiscard]] std::vector<LostItem> lost_items(const TenantDomain& tenant,
                                                 const std::string& mailbox_id) const override {
    return noted_lost_items(*index_, rows_, tenant, mailbox_id);
  }
  CheckReport repair(CheckLevel level, const OnProgress& on_progress,
                     std::stop_token stop) override;
  [[nodiscard]] CheckReport check(CheckLevel level, const OnProgress& on_progress,
                                  std::stop_token stop) const override;

 private:
  using Tenants = std::map<TenantDomain, std::unique_ptr<ChunkedTenantStore>>;

  void use(std::unique_ptr<Index> index) {
    index_ = std::move(index);
    if (keeps_spool()) *left_spools_.lock() = left_spools(spool_directory(settings_.index));
    auto heads = heads_.lock();
    for (const LogCursor& cursor : index_->cursors()) (*heads)[cursor.writer] = cursor;
  }

  [[nodiscard]] std::uint64_t reserve_bytes() const;
  [[nodiscard]] bool keeps_spool() const {
    return access_ == Access::write && !settings_.open_index && !spool_refused_;
  }
  [[nodiscard]] PackSubjects pack_subjects() {
    return {*backend_, *keys_, *index_, *codec_, *clock_, leases_, parity_};
  }
  ChunkedTenantStore& store_of(const TenantDomain& domain) const;
  [[nodiscard]] RepositoryState state() const { return {*index_, rows_, *newer_.lock()}; }
  // The log in one hand, after a look at how far the audit log reached: others may be adding to it.
  struct Appending {
    std::optional<Journal::Head> audit;
    mutable base::Synchronized<Heads>::Access heads;  // whoever holds it may add
  };
  Appending begin_append() { return {journals().audit_reached(), heads_.lock()}; }
  void append_to_log(std::span<const PreparedSnapshot> snapshots, std::vector<LogEvent> events,
                     const Appending& log);
  [[nodiscard]] CopyTarget as_copy_target();
  CheckReport survey(CheckLevel level, const OnProgress& on_progress, const std::stop_token& stop,
                     PackSurvey& survey) const;
  // Of a store that another process writes to: as it is now. Null if that cannot be seen just now.
  [[nodiscard]] std::unique_ptr<const PackedRepository> look_again() const;

  Backend* backend_;
  Settings settings_;
  bool parity_;
  base::Clock* clock_;
  Access access_;
  std::unique_ptr<Backend::Lock> lock_;  // given back last
  std::shared_ptr<const KeyRing> keys_;  // with later views of the same store
  CommitLog log_;
  StateRows rows_;
  std::unique_ptr<Codec> codec_;
  std::unique_ptr<Index> index_;
  base::Synchronized<Heads> heads_;
  mutable Leases leases_;
  base::Synchronized<std::vector<std::filesystem::path>> left_spools_;  // by earlier processes
  std::atomic<bool> spool_refused_{false};
  bool reserve_used_ = false;  // the disk was full when we opened
  std::mutex pruning_;
  // Committed, but not in the index: which is open for reading, or has refused it.
  mutable base::Synchronized<std::vector<StateRow>> newer_;
  std::optional<CommitLog::Chains> told_;  // how far a reader knows the log; empty: nobody can tell
  mutable base::Synchronized<Tenants> tenants_;  // last: the stores use the others
};

ChunkedTenantStore& PackedRepository::store_of(const TenantDomain& domain) const {
  auto tenants = tenants_.lock();
  std::unique_ptr<ChunkedTenantStore>& tenant = (*tenants)[domain];
  if (!tenant) {
    const TenantKeys& keys = keys_->tenant(domain);
    ChunkStoreSettings packing{.parity = parity_};
    if (keeps_spool()) packing.spool = spool_directory(settings_.index);
    tenant = std::make_unique<ChunkedTenantStore>(
        domain, keys.chunker_key(),
        open_chunk_store(*backend_, *index_, keys_->repository(), keys, *codec_, *clock_, leases_,
                         packing),
        leases_, ExportNotes{*index_, rows_}, access_);
  }
  return *tenant;
}

std::unique_ptr<Repository::Work> PackedRepository::begin_work() {
  std::unique_ptr<Work> work = leases_.begin_work();
  auto left = left_spools_.lock();
  try {
    for (; !left->empty(); left->pop_back()) take_in_spool(pack_subjects(), left->back());
  } catch (const base::Error& error) {
    base::log(base::LogLevel::warning, "what a killed run left is not taken in: ", error.what());
    left->clear();  // the files wait for the next process, and no more are added to them
    spool_refused_ = true;
  }
  return work;
}

void PackedRepository::commit(std::span<const PreparedSnapshot> snapshots) {
  base::check(access_ != Access::read, "a repository opened for reading takes no commit");
  Appending log = begin_append();  // one commit at a time
  std::vector<std::pair<ChunkedTenantStore*, std::uint64_t>> marks;
  {
    auto tenants = tenants_.lock();
    for (const auto& [domain, tenant] : *tenants) marks.emplace_back(tenant.get(), tenant->mark());
  }
  for (const auto& [tenant, mark] : marks) tenant->chunks().flush();
  if (!snapshots.empty()) {
    for (const Snapshot& snapshot : snapshots) {
      store_of(snapshot.tenant).require_roots(snapshot);
    }
    append_to_log(snapshots, {}, log);
    for (const Snapshot& snapshot : snapshots) {
      settle_lost_items(store_of(snapshot.tenant).chunks(), *index_, rows_,
                        keys_->tenant(snapshot.tenant).tag(), snapshot);
    }
  }
  for (const auto& [tenant, mark] : marks) tenant->committed_up_to(mark);
}

void PackedRepository::append_to_log(std::span<const PreparedSnapshot> snapshots,
                                     std::vector<LogEvent> events, const Appending& log) {
  const WriterId own = index_->writer();
  LogCursor& head = log.heads->try_emplace(own, LogCursor{own, 0, {}}).first->second;
  CommitRecord record;
  record.time = clock_->now();
  for (const auto& [writer, cursor] : *log.heads) {
    if (writer != own) record.others.push_back(cursor);
  }
  record.snapshots.assign(snapshots.begin(), snapshots.end());
  record.events = std::move(events);
  record.audit = log.audit;
  // The cursor of a later commit would pass over what the index has missed.
  std::vector<StateRow> rows = *newer_.lock();
  for (StateRow& row : rows_.of(record)) rows.push_back(std::move(row));
  head = log_.append(head, std::move(record));
  *newer_.lock() = rows;
  try {
    index_->apply_commit(head, rows);
  } catch (base::Error& error) {
    error.add_context("the commit is safe in the log: the next opening takes it from there");
    throw;
  }
  newer_.lock()->clear();
}

void PackedRepository::forget(std::span<const Forgetting> which) {
  base::check(access_ != Access::read, "a repository opened for reading forgets nothing");
  Appending log = begin_append();
  const std::vector<Hold> held = state().holds();
  const RepositoryState::Tombstones tombstones = state().tombstones("");
  std::vector<LogEvent> events;
  for (const auto& [snapshot, reason] : which) {
    state().require_forgotten(tombstones, snapshot, false);
    for (const Hold& hold : held) {
      if (!hold.covers(snapshot)) continue;
      throw base::Error{
          base::ErrorKind::usage,
          base::text("restore point ", snapshot.id, " of ", snapshot.address, " is held (", hold.id,
                     ", ", hold.reason, "): remove the hold first")};
    }
    events.emplace_back(SnapshotForgotten{rows_.key_of(snapshot), reason});
  }
  if (!events.empty()) append_to_log({}, std::move(events), log);
}

void PackedRepository::recall(std::span<const Snapshot> which) {
  base::check(access_ != Access::read, "a repository opened for reading recalls nothing");
  Appending log = begin_append();
  const RepositoryState::Tombstones tombstones = state().tombstones("");
  std::vector<LogEvent> events;
  for (const Snapshot& snapshot : which) {
    state().require_forgotten(tombstones, snapshot, true);
    events.emplace_back(SnapshotRecalled{rows_.key_of(snapshot)});
  }
  if (!events.empty()) append_to_log({}, std::move(events), log);
}

void PackedRepository::add_hold(const Hold& hold) {
  base::check(access_ != Access::read, "a repository opened for reading takes no hold");
  base::check(!hold.id.empty() && !hold.mailbox_id.empty(), "a hold has an id and a mailbox");
  Appending log = begin_append();
  append_to_log({}, {HoldAdded{hold}}, log);
}

void PackedRepository::remove_hold(const std::string& id, const std::string& reason) {
  base::check(access_ != Access::read, "a repository opened for reading loses no hold");
  Appending log = begin_append();
  const std::vector<Hold> held = state().holds();
  if (std::ranges::find(held, id, &Hold::id) == held.end()) {
    throw base::Error{base::ErrorKind::not_found, base::text("there is no hold ", id)};
  }
  append_to_log({}, {HoldRemoved{id, reason}}, log);
}

std::uint64_t PackedRepository::reserve_bytes() const {
  std::uint64_t stored = 0;
  index_->for_each_pack([&](std::uint32_t, const PackRow& row) { stored += row.size_bytes; });
  return reserve_size(stored);
}

// Whoever used it gives it back, and what grew sets more aside: the next one may need it.
PackedRepository::~PackedRepository() {
  if (access_ == Access::read || !index_) return;
  try {
    if (reserve_used_) {
      backend_->regain_reserve(reserve_bytes());
    } else {
      backend_->keep_reserve(reserve_bytes());
    }
  } catch (const std::exception& error) {
    base::log(base::LogLevel::warning, "no space is set aside any more: ", error.what());
  }
}

PruneReport PackedRepository::prune(const PruneOptions& options, const OnProgress& on_progress,
                                    std::stop_token stop) {
  base::check(access_ != Access::read, "a repository opened for reading is not pruned");
  const std::unique_lock alone{pruning_, std::try_to_lock};
  if (!alone) throw base::Error{base::ErrorKind::in_use, "another prune of the store is running"};
  const PruneSubjects subjects{
      *backend_,
      *keys_,
      log_,
      *index_,
      rows_,
      leases_,
      *clock_,
      reserve_used_,
      chunks_of(),
      [&] {
        std::vector<TenantDomain> open;
        auto tenants = tenants_.lock();
        for (const auto& [domain, tenant] : *tenants) open.push_back(domain);
        return open;
      },
      [&] { return state(); },
      [&](const std::function<void(const PruneSubjects::Commit&)>& act) {
        Appending log = begin_append();
        act([&](std::vector<LogEvent> events) { append_to_log({}, std::move(events), log); });
      }};
  return run_prune(subjects, options, on_progress, stop);
}

CopyTarget PackedRepository::as_copy_target() {
  return {
      {*backend_, *keys_, *index_, leases_, parity_},
      log_,
      rows_,
      chunks_of(),
      [&](std::span<const Snapshot> snapshots) { commit(snapshots); },
      [&](std::vector<LogEvent> events) { append_to_log({}, std::move(events), begin_append()); }};
}

CopyReport PackedRepository::copy_to(Repository& second, const CopyOptions& options,
                                     const OnProgress& on_progress, std::stop_token stop) {
  auto* target = dynamic_cast<PackedRepository*>(&second);
  base::check(target != nullptr && target != this && target->access_ == Access::write &&
                  target->keys_->repository() == keys_->repository(),
              "a copy goes to another store of the same repository, open for writing");
  const CopySource source{*backend_, *keys_, *index_, snapshots(), holds(), chunks_of()};
  return run_copy(source, target->as_copy_target(), options, on_progress, stop);
}

std::vector<std::optional<base::Instant>> PackedRepository::last_verified(
    std::span<const Snapshot> snapshots) const {
  const VerifiedPoints points{log_, rows_, VerificationLedger::load(*backend_, clock_->now()),
                              damaged_since(*index_)};
  std::vector<std::optional<base::Instant>> instants;
  instants.reserve(snapshots.size());
  for (const Snapshot& snapshot : snapshots) instants.push_back(points.last_verified(snapshot));
  return instants;
}

CheckReport PackedRepository::survey(CheckLevel level, const OnProgress& on_progress,
                                     const std::stop_token& stop, PackSurvey& survey) const {
  if (level == CheckLevel::scrub) {
    return run_scrub(*backend_, {}, *clock_, on_progress, stop, survey);
  }
  std::optional<CommitLog::Chains> told = told_;
  RepositoryState::Snapshots restorable;  // forgotten ones as well: they can be recalled
  RepositoryState::Bases bases;
  {
    auto heads = heads_.lock();  // nothing is committed in between
    if (access_ != Access::read) {
      told.emplace();
      for (const auto& [writer, cursor] : *heads) (*told)[writer] = cursor.sequence;
    }
    const RepositoryState now = state();
    restorable = now.unpurged("");
    bases = now.possible_bases();
  }
  std::unique_ptr<const PackedRepository> later;
  const CheckSubjects subjects{
      *backend_,
      *keys_,
      log_,
      *index_,
      rows_,
      *clock_,
      std::move(restorable),
      std::move(bases),
      std::move(told),
      chunks_of(),
      [&](const PackId& pack) {
        if (access_ == Access::read && !later) later = look_again();
        return (later ? *later : *this).index_->pack_number(pack).has_value();
      }};
  return check_repository(subjects, level, on_progress, stop, survey);
}

std::unique_ptr<const PackedRepository> PackedRepository::look_again() const {
  auto later = std::make_unique<PackedRepository>(*backend_, settings_, *clock_, Access::read,
                                                  keys_, nullptr);
  try {
    later->open_index(false);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::in_use) throw;
    return nullptr;
  }
  return later;
}

CheckReport PackedRepository::check(CheckLevel level, const OnProgress& on_progress,
                                    std::stop_token stop) const {
  PackSurvey ignored;
  CheckReport report = survey(level, on_progress, stop, ignored);
  if (access_ != Access::read || report.errors.empty()) return report;
  const std::unique_ptr<const PackedRepository> later = look_again();
  if (!later || !is_outdated(*backend_, *index_, *later->index_)) return report;
  base::log(base::LogLevel::info,
            "a prune has taken away what was being checked: the check begins anew");
  return later->check(level, on_progress, stop);
}

CheckReport PackedRepository::repair(CheckLevel level, const OnProgress& on_progress,
                                     std::stop_token stop) {
  base::check(access_ == Access::write, "a repository opened for reading is not repaired");
  PackSurvey found;
  CheckReport report = survey(level, on_progress, stop, found);
  const RepairFigures figures = PackRepair{pack_subjects()}.run(found, stop);
  report.healed = figures.healed_packs + figures.healed_parity;
  report.rescued_chunks = figures.rescued_chunks;
  if (parity_) report.packs_without_parity = 0;
  if (report.errors.empty() && report.affected.empty() && figures.given_up_packs == 0) {
    if (level != CheckLevel::scrub) note_damaged_since(*index_, std::nullopt);
    return report;
  }
  // What is still damaged, and what that hits, is seen afresh.
  PackSurvey ignored;
  CheckReport after = survey(CheckLevel::structure, {}, stop, ignored);
  report.errors = std::move(after.errors);
  report.affected = std::move(after.affected);
  note_lost_items(state(), *index_, *keys_, rows_, chunks_of(), stop);
  const bool is_hit = !report.affected.empty();
  note_damaged_since(*index_, is_hit ? std::optional{clock_->now()} : std::nullopt);
  return report;
}

}  // namespace

std::unique_ptr<Repository> Repository::open(Backend& backend, const Settings& settings,
                                             const base::Secret& key, Access access,
                                             base::Clock& clock) {
  std::unique_ptr<KeyRing> keys = KeyRing::open(backend, key);
  std::unique_ptr<Backend::Lock> lock;
  bool reserve_used = false;
  if (access != Access::read) {
    const bool reclaims = access == Access::reclaim;
    lock = backend.lock_for_writing(reclaims ? Backend::Reserve::use : Backend::Reserve::keep);
    reserve_used = reclaims && backend.free_bytes().value_or(kMostReserve) < kMostReserve;
    if (reserve_used) backend.release_reserve();
    keys->heal_copies(backend);
  }
  auto repository = std::make_unique<PackedRepository>(backend, settings, clock, access,
                                                       std::move(keys), std::move(lock));
  repository->open_index(reserve_used);
  return repository;
}

std::unique_ptr<Repository> Repository::rebuild_index(Backend& backend, const Settings& settings,
                                                      const base::Secret& key, base::Clock& clock,
                                                      const OnProgress& on_progress) {
  std::unique_ptr<KeyRing> keys = KeyRing::open(backend, key);
  std::unique_ptr<Backend::Lock> lock = backend.lock_for_writing();
  keys->heal_copies(backend);
  auto repository = std::make_unique<PackedRepository>(backend, settings, clock, Access::write,
                                                       std::move(keys), std::move(lock));
  repository->rebuild_index(on_progress);
  return repository;
}

}  // namespace store

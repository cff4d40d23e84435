#include "store/repository.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "store/index.h"
#include "store/internal/codec.h"
#include "store/internal/commit_log.h"
#include "store/internal/index_upkeep.h"
#include "store/internal/repository_check.h"
#include "store/internal/sealed_chunk_store.h"
#include "store/internal/snapshot_rows.h"
#include "store/internal/tenant_store.h"
#include "store/keys.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace store {
namespace {

// A chain's head; one writer's own is where its next record goes.
using Heads = std::map<WriterId, LogCursor>;

class PackedRepository final : public Repository {
 public:
  PackedRepository(Backend& backend, base::Clock& clock, Access access,
                   std::unique_ptr<KeyRing> keys, std::unique_ptr<Backend::Lock> lock)
      : backend_(&backend),
        clock_(&clock),
        access_(access),
        lock_(std::move(lock)),
        keys_(std::move(keys)),
        log_(backend, *keys_),
        rows_(*keys_),
        codec_(make_zstd_codec()) {}

  void open_index(const std::filesystem::path& path) {
    const IndexUpkeep upkeep{*backend_, *keys_, log_, rows_, path};
    if (access_ == Access::write) {
      use(upkeep.open_for_writing());
      return;
    }
    IndexUpkeep::ReadingView view = upkeep.open_for_reading();
    use(std::move(view.index));
    newer_ = std::move(view.newer);
  }

  void rebuild_index_at(const std::filesystem::path& path, const OnProgress& on_progress) {
    use(IndexUpkeep{*backend_, *keys_, log_, rows_, path}.rebuild(on_progress));
  }

  [[nodiscard]] TenantStore& tenant(const TenantDomain& domain) override {
    return store_of(domain);
  }
  [[nodiscard]] std::vector<Snapshot> snapshots() const override { return read_rows(""); }
  [[nodiscard]] std::vector<Snapshot> snapshots_of(const TenantDomain& domain,
                                                   const std::string& mailbox_id) const override {
    return read_rows(rows_.prefix(domain, mailbox_id));
  }
  void commit(std::span<const PreparedSnapshot> snapshots) override;
  [[nodiscard]] StoreStatistics statistics() const override;
  [[nodiscard]] CheckReport check(CheckLevel level, const OnProgress& on_progress,
                                  std::stop_token stop) const override;

 private:
  using Tenants = std::map<TenantDomain, std::unique_ptr<ChunkedTenantStore>>;

  void use(std::unique_ptr<Index> index) {
    index_ = std::move(index);
    auto heads = heads_.lock();
    for (const LogCursor& cursor : index_->cursors()) (*heads)[cursor.writer] = cursor;
  }

  ChunkedTenantStore& store_of(const TenantDomain& domain) const;
  [[nodiscard]] std::vector<Snapshot> read_rows(const std::string& prefix) const;
  void append_to_log(std::span<const PreparedSnapshot> snapshots, Heads& heads);

  Backend* backend_;
  base::Clock* clock_;
  Access access_;
  std::unique_ptr<Backend::Lock> lock_;  // given back last
  std::unique_ptr<KeyRing> keys_;
  CommitLog log_;
  SnapshotRows rows_;
  std::unique_ptr<Codec> codec_;
  std::unique_ptr<Index> index_;
  std::vector<SnapshotRow> newer_;  // committed, but not in an index opened for reading
  base::Synchronized<Heads> heads_;
  std::vector<SnapshotRow> unindexed_;  // committed, but refused by the index; guarded by heads_
  mutable base::Synchronized<Tenants> tenants_;  // last: the stores use the others
};

ChunkedTenantStore& PackedRepository::store_of(const TenantDomain& domain) const {
  auto tenants = tenants_.lock();
  std::unique_ptr<ChunkedTenantStore>& tenant = (*tenants)[domain];
  if (!tenant) {
    const TenantKeys& keys = keys_->tenant(domain);
    tenant = std::make_unique<ChunkedTenantStore>(
        domain, keys.chunker_key(),
        open_chunk_store(*backend_, *index_, keys_->repository(), keys, *codec_, *clock_), access_);
  }
  return *tenant;
}

std::vector<Snapshot> PackedRepository::read_rows(const std::string& prefix) const {
  std::map<std::string, Snapshot> by_key;
  index_->snapshots(prefix, [&](const SnapshotRow& row) { by_key[row.key] = rows_.open(row); });
  for (const SnapshotRow& row : newer_) {
    if (row.key.starts_with(prefix)) by_key[row.key] = rows_.open(row);
  }
  std::vector<Snapshot> snapshots;
  snapshots.reserve(by_key.size());
  for (auto& [key, snapshot] : by_key) snapshots.push_back(std::move(snapshot));
  const auto place = [](const Snapshot& snapshot) {
    return std::tie(snapshot.mailbox_id, snapshot.tenant.name, snapshot.time, snapshot.id);
  };
  std::sort(snapshots.begin(), snapshots.end(), [&](const Snapshot& left, const Snapshot& right) {
    return place(left) < place(right);
  });
  return snapshots;
}

void PackedRepository::commit(std::span<const PreparedSnapshot> snapshots) {
  base::check(access_ == Access::write, "a repository opened for reading takes no commit");
  auto heads = heads_.lock();  // one commit at a time
  std::vector<std::pair<ChunkedTenantStore*, std::uint64_t>> marks;
  {
    auto tenants = tenants_.lock();
    for (const auto& [domain, tenant] : *tenants) marks.emplace_back(tenant.get(), tenant->mark());
  }
  for (const auto& [tenant, mark] : marks) tenant->chunks().flush();
  if (!snapshots.empty()) {
    for (const Snapshot& snapshot : snapshots) {
      base::check(store_of(snapshot.tenant).holds_roots(snapshot),
                  "a snapshot is committed after what it names was put");
    }
    append_to_log(snapshots, *heads);
  }
  for (const auto& [tenant, mark] : marks) tenant->committed_up_to(mark);
}

void PackedRepository::append_to_log(std::span<const PreparedSnapshot> snapshots, Heads& heads) {
  const WriterId own = index_->writer();
  LogCursor& head = heads.try_emplace(own, LogCursor{own, 0, {}}).first->second;
  std::vector<LogCursor> others;
  for (const auto& [writer, cursor] : heads) {
    if (writer != own) others.push_back(cursor);
  }
  std::vector<SnapshotRow> rows = unindexed_;
  for (const Snapshot& snapshot : snapshots) rows.push_back(rows_.seal(snapshot));
  head = log_.append(head, clock_->now(), std::move(others), snapshots);
  // The cursor of a later commit would pass over what the index has missed.
  unindexed_ = std::move(rows);
  try {
    index_->apply_commit(head, unindexed_);
  } catch (base::Error& error) {
    error.add_context(
        "the restore points are safe in the commit log, and the index takes them from there when "
        "the store is opened again");
    throw;
  }
  unindexed_.clear();
}

StoreStatistics PackedRepository::statistics() const {
  StoreStatistics statistics;
  std::set<std::pair<TenantDomain, std::string>> mailboxes;
  for (const Snapshot& snapshot : snapshots()) {
    ++statistics.snapshots;
    statistics.logical_bytes += snapshot.bytes;
    statistics.items += snapshot.items;
    mailboxes.emplace(snapshot.tenant, snapshot.mailbox_id);
  }
  statistics.mailboxes = mailboxes.size();
  index_->for_each_pack([&](std::uint32_t, const PackRow& pack) {
    ++statistics.packs;
    statistics.stored_bytes += pack.size_bytes;
    statistics.unique_bytes += pack.plain_bytes;
  });
  statistics.chunks = index_->chunk_count();
  statistics.index_bytes = index_->size_bytes();
  return statistics;
}

CheckReport PackedRepository::check(CheckLevel level, const OnProgress& on_progress,
                                    std::stop_token stop) const {
  const CheckSubjects subjects{
      *backend_,
      *keys_,
      log_,
      *index_,
      rows_,
      snapshots(),
      [&](const TenantDomain& domain) -> const ChunkStore& { return store_of(domain).chunks(); }};
  return check_repository(subjects, level, on_progress, stop);
}

void heal_copies(const KeyRing& keys, Backend& backend) {
  if (keys.damaged_copies().empty()) return;
  for (const std::string& name : keys.damaged_copies()) {
    base::log(base::LogLevel::warning, name, " was missing or damaged; written anew from a copy");
  }
  keys.heal_copies(backend);
}

}  // namespace

base::Secret Repository::create(Backend& backend, const Settings& settings,
                                const base::Secret& passphrase, base::Clock&) {
  // Before the lock leaves its own file in a place that is not ours.
  if (const std::optional<std::string> stranger = backend.occupied_by()) {
    throw base::Error{base::ErrorKind::usage,
                      base::text(backend.describe(), " is not empty (", *stranger,
                                 "): give a new place for the store")};
  }
  check_index_place(settings.index);
  const std::unique_ptr<Backend::Lock> lock = backend.lock_for_writing();
  base::Secret recovery_key =
      KeyRing::create(backend, passphrase, {settings.kdf_memory_bytes, settings.kdf_passes});
  const std::unique_ptr<KeyRing> keys = KeyRing::open(backend, passphrase);
  Index::move_aside(settings.index);
  static_cast<void>(Index::open(settings.index, keys->repository(), Index::Mode::create));
  return recovery_key;
}

std::unique_ptr<Repository> Repository::open(Backend& backend, const Settings& settings,
                                             const base::Secret& key, Access access,
                                             base::Clock& clock) {
  std::unique_ptr<KeyRing> keys = KeyRing::open(backend, key);
  std::unique_ptr<Backend::Lock> lock;
  if (access == Access::write) {
    lock = backend.lock_for_writing();
    heal_copies(*keys, backend);
  }
  auto repository =
      std::make_unique<PackedRepository>(backend, clock, access, std::move(keys), std::move(lock));
  repository->open_index(settings.index);
  return repository;
}

std::unique_ptr<Repository> Repository::rebuild_index(Backend& backend, const Settings& settings,
                                                      const base::Secret& key, base::Clock& clock,
                                                      const OnProgress& on_progress) {
  std::unique_ptr<KeyRing> keys = KeyRing::open(backend, key);
  std::unique_ptr<Backend::Lock> lock = backend.lock_for_writing();
  heal_copies(*keys, backend);
  auto repository = std::make_unique<PackedRepository>(backend, clock, Access::write,
                                                       std::move(keys), std::move(lock));
  repository->rebuild_index_at(settings.index, on_progress);
  return repository;
}

}  // namespace store

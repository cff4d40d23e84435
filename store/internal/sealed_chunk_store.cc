#include "store/internal/sealed_chunk_store.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/chunk_encoder.h"
#include "store/internal/pack_publisher.h"
#include "store/internal/pack_reader_cache.h"
#include "store/internal/pack_spool.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace store {
namespace {

using OpenPack = std::shared_ptr<PackBuilder>;  // shared with the publisher and with readers

class SealedChunkStore final : public ChunkStore {
 public:
  SealedChunkStore(Backend& backend, Index& index, const RepositoryId& repository,
                   const TenantKeys& keys, const Codec& codec, base::Clock& clock, Leases& leases,
                   const ChunkStoreSettings& settings)
      : index_(index),
        leases_(leases),
        repository_(repository),
        keys_(keys),
        clock_(clock),
        settings_(settings),
        encoder_(keys.id_key(), codec),
        readers_(backend, index, repository, keys),
        publisher_(backend, index, repository, keys, leases, settings.parity,
                   [this](const PackBuilder& pack) { forget_published(pack); }) {}

  PutResult put(ChunkClass chunk_class, base::ByteView plaintext) override;
  [[nodiscard]] std::optional<base::Bytes> get(const ChunkId& id) const override;
  [[nodiscard]] bool contains(const ChunkId& id) const override;
  [[nodiscard]] bool rely_on(const ChunkId& id) override { return look(id, false); }
  void keep() override;
  void flush() override;

 private:
  // A chunk that is on its way: claimed by the thread that stores it, then in a pack that is not
  // published yet.
  struct Pending {
    OpenPack pack;  // null while it is being stored
    ContentsEntry entry;
  };

  class Storing;

  struct ClassState {
    // Not shared between the classes: packs of metadata are short, and a buffer that data has been
    // in stays as large as data made it.
    std::shared_ptr<PackBuffers> buffers = std::make_shared<PackBuffers>();
    OpenPack pack;
    base::Duration opened_at{};
    bool closing = false;  // somebody is handing the last one over; wait, or packs pile up
  };

  // Whether the chunk is held. If not, and `claims`, this thread has to store it. If another one
  // is at it, waits for how that ends.
  bool look(const ChunkId& id, bool claims);
  Pending reserve(ChunkClass chunk_class, const RecordHeader& header);
  void verify(ChunkClass chunk_class, const PackBuilder& pack, const ContentsEntry& entry) const;
  // Hands the open pack, if any, to the publisher; the lock is released meanwhile.
  void close_pack(std::unique_lock<std::mutex>& lock, ClassState& state);
  // With the mutex held.
  [[nodiscard]] OpenPack new_pack(ChunkClass chunk_class, const ClassState& state);
  [[nodiscard]] std::optional<Pending> find_pending(const ChunkId& id) const;
  [[nodiscard]] base::Bytes decode(const RecordHeader& header, base::ByteView payload) const;
  [[nodiscard]] base::Bytes read_at(const ChunkId& id, const ChunkLocation& location) const;
  void forget_published(const PackBuilder& pack);

  Index& index_;
  Leases& leases_;
  const RepositoryId repository_;
  const TenantKeys& keys_;
  base::Clock& clock_;
  const ChunkStoreSettings settings_;
  ChunkEncoder encoder_;
  mutable PackReaderCache readers_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<ChunkId, Pending, base::FixedBytesHash> pending_;
  std::array<ClassState, 2> classes_;
  // Of packs that are not published; none without a spool.
  std::map<const PackBuilder*, std::shared_ptr<PackSpool>> spools_;
  std::atomic<bool> spool_failed_{false};
  std::atomic<std::uint64_t> publications_{0};
  PackPublisher publisher_;  // last: its thread uses the rest
};

// The work on a claimed chunk: whatever happens, claim and place do not stay behind.
class SealedChunkStore::Storing {
 public:
  Storing(SealedChunkStore& store, const ChunkId& id) : store_(store), id_(id) {}
  ~Storing() {
    if (finished_) return;
    if (place_.pack) place_.pack->abandon(place_.entry);
    const std::lock_guard lock{store_.mutex_};
    store_.pending_.erase(id_);
    store_.changed_.notify_all();
  }
  Storing(const Storing&) = delete;
  Storing& operator=(const Storing&) = delete;

  void take_place(Pending place) { place_ = std::move(place); }
  [[nodiscard]] PackBuilder& pack() const { return *place_.pack; }
  [[nodiscard]] const ContentsEntry& entry() const { return place_.entry; }

  // From now on the chunk can be read, and its pack may be published.
  void finish() {
    {
      const std::lock_guard lock{store_.mutex_};
      store_.pending_.at(id_) = place_;
      store_.changed_.notify_all();
    }
    finished_ = true;
    // After the entry in pending, which publishing takes out again.
    place_.pack->complete(place_.entry);
  }

 private:
  SealedChunkStore& store_;
  const ChunkId& id_;
  Pending place_;
  bool finished_ = false;
};

ChunkStore::PutResult SealedChunkStore::put(ChunkClass chunk_class, base::ByteView plaintext) {
  base::check(!plaintext.empty() && plaintext.size() <= kMostChunkBytes,
              "a chunk has 1 byte to 16 MiB");
  publisher_.check();
  const ChunkId id = encoder_.id_of(chunk_class, plaintext);
  if (look(id, true)) return {id, false, 0};
  Storing storing{*this, id};
  const ChunkEncoder::Encoded encoded = encoder_.encode(id, plaintext);
  storing.take_place(reserve(chunk_class, encoded.header));
  storing.pack().seal(storing.entry(), encoded.payload);
  verify(chunk_class, storing.pack(), storing.entry());
  storing.finish();
  return {
      id, true,
      static_cast<std::uint32_t>(record_bytes(encoded.header.sealed_bytes) + kContentsEntryBytes)};
}

bool SealedChunkStore::look(const ChunkId& id, bool claims) {
  while (true) {
    const std::uint64_t seen = publications_;
    // A chunk of a condemned pack counts as absent: it is stored anew.
    const std::optional<ChunkLocation> location = index_.find(keys_.tag(), id);
    if (location && leases_.rely_on(*location)) return true;
    std::unique_lock lock{mutex_};
    const auto settled = [&] {
      const auto found = pending_.find(id);
      return found == pending_.end() || found->second.pack;
    };
    changed_.wait(lock, settled);
    if (pending_.contains(id)) return true;
    // Between the two looks it may have moved from pending into the index.
    if (publications_ != seen) continue;
    if (claims) pending_.emplace(id, Pending{});
    return false;
  }
}

SealedChunkStore::Pending SealedChunkStore::reserve(ChunkClass chunk_class,
                                                    const RecordHeader& header) {
  ClassState& state = classes_.at(static_cast<std::size_t>(chunk_class));
  std::unique_lock lock{mutex_};
  while (true) {
    changed_.wait(lock, [&] { return !state.closing; });
    const base::Duration now = clock_.monotonic();
    if (!state.pack) {
      state.pack = new_pack(chunk_class, state);
      state.opened_at = now;
    }
    if (state.pack->fits(header.sealed_bytes) && now - state.opened_at < settings_.close_after) {
      return {state.pack, state.pack->reserve(header)};
    }
    close_pack(lock, state);
  }
}

void SealedChunkStore::close_pack(std::unique_lock<std::mutex>& lock, ClassState& state) {
  changed_.wait(lock, [&] { return !state.closing; });
  if (!state.pack) return;
  OpenPack full = std::exchange(state.pack, nullptr);
  state.closing = true;
  lock.unlock();
  std::optional<base::Error> failure;
  try {
    publisher_.submit(std::move(full));
  } catch (const base::Error& error) {
    failure = error;
  }
  lock.lock();
  state.closing = false;
  changed_.notify_all();
  if (failure) throw base::Error{*failure};
}

OpenPack SealedChunkStore::new_pack(ChunkClass chunk_class, const ClassState& state) {
  PackHeader header;
  header.chunk_class = chunk_class;
  header.generation = keys_.current_generation();
  header.repository = repository_;
  header.salt = new_salt();
  std::ranges::copy(keys_.tag(), header.tenant_tag.begin());
  header.writer = index_.writer();
  header.sequence = static_cast<std::uint64_t>(base::to_milliseconds(clock_.now()));
  const bool spooled = !settings_.spool.empty();
  auto pack = std::make_shared<PackBuilder>(
      header, keys_, PackLimits{settings_.pack_bytes, settings_.pack_records, spooled},
      state.buffers);
  if (spooled) spools_[pack.get()] = std::make_shared<PackSpool>(settings_.spool, pack);
  return pack;
}

// Reads the record back out of the pack: a broken encoder or bad memory must not be able to store
// garbage. The id was taken from the source before anything else touched it.
void SealedChunkStore::verify(ChunkClass chunk_class, const PackBuilder& pack,
                              const ContentsEntry& entry) const {
  thread_local base::Bytes payload;
  payload.resize(entry.header.sealed_bytes - kSealTagBytes);
  if (pack.open(entry, payload)) {
    thread_local base::Bytes plaintext;
    plaintext.resize(entry.header.plain_bytes);
    encoder_.decode(entry.header, payload, plaintext);
    if (encoder_.id_of(chunk_class, plaintext) == entry.header.id) return;
  }
  throw base::Error{base::ErrorKind::corrupt,
                    base::text("chunk ", entry.header.id.hex(),
                               " did not survive compression and sealing; nothing was stored")};
}

std::optional<SealedChunkStore::Pending> SealedChunkStore::find_pending(const ChunkId& id) const {
  const std::lock_guard lock{mutex_};
  const auto found = pending_.find(id);
  if (found == pending_.end() || !found->second.pack) return std::nullopt;
  return found->second;
}

base::Bytes SealedChunkStore::decode(const RecordHeader& header, base::ByteView payload) const {
  base::Bytes plaintext(header.plain_bytes);
  encoder_.decode(header, payload, plaintext);
  return plaintext;
}

base::Bytes SealedChunkStore::read_at(const ChunkId& id, const ChunkLocation& location) const {
  const PackReader::Record record = readers_.reader(location.pack_number)->read(id, location);
  return decode(record.header, record.payload());
}

std::optional<base::Bytes> SealedChunkStore::get(const ChunkId& id) const {
  // Pending first: a chunk leaves it only after it is in the index.
  if (const std::optional<Pending> pending = find_pending(id)) {
    base::Bytes payload(pending->entry.header.sealed_bytes - kSealTagBytes);
    if (!pending->pack->open(pending->entry, payload)) {
      throw base::Error{base::ErrorKind::corrupt,
                        base::text("chunk ", id.hex(), " is damaged in memory")};
    }
    return decode(pending->entry.header, payload);
  }
  const std::optional<ChunkLocation> location = index_.find(keys_.tag(), id);
  if (!location) return std::nullopt;
  try {
    return read_at(id, *location);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::corrupt) throw;
    // Prune may have moved it in between.
    const std::optional<ChunkLocation> moved = index_.find(keys_.tag(), id);
    if (!moved || moved->pack_number == location->pack_number) throw;
    return read_at(id, *moved);
  }
}

bool SealedChunkStore::contains(const ChunkId& id) const {
  return find_pending(id) || index_.find(keys_.tag(), id);
}

void SealedChunkStore::keep() {
  if (spool_failed_) return;
  std::vector<std::shared_ptr<PackSpool>> spools;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [pack, spool] : spools_) spools.push_back(spool);
  }
  try {
    for (const auto& spool : spools) spool->write_completed();
  } catch (const base::Error& error) {
    if (spool_failed_.exchange(true)) return;
    base::log(base::LogLevel::warning,
              "what is on its way into the store is not kept beside the index, so a run after a "
              "kill would fetch more again: ",
              error.what());
  }
}

void SealedChunkStore::flush() {
  publisher_.check();
  {
    std::unique_lock lock{mutex_};
    // Data first: nothing in a metadata pack refers to data that is less durable than itself.
    for (ClassState& state : classes_) close_pack(lock, state);
  }
  publisher_.drain();
}

void SealedChunkStore::forget_published(const PackBuilder& pack) {
  const std::vector<IndexedChunk> chunks = pack.chunks();
  std::shared_ptr<PackSpool> spool;
  {
    const std::lock_guard lock{mutex_};
    for (const IndexedChunk& chunk : chunks) pending_.erase(chunk.id);
    ++publications_;
    if (auto published = spools_.extract(&pack)) spool = std::move(published.mapped());
  }
  if (spool) spool->remove();
}

}  // namespace

std::unique_ptr<ChunkStore> open_chunk_store(Backend& backend, Index& index,
                                             const RepositoryId& repository, const TenantKeys& keys,
                                             const Codec& codec, base::Clock& clock, Leases& leases,
                                             const ChunkStoreSettings& settings) {
  return std::make_unique<SealedChunkStore>(backend, index, repository, keys, codec, clock, leases,
                                            settings);
}

}  // namespace store

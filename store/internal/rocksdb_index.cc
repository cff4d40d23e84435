#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/index.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/index_logs.h"
#include "store/internal/index_place.h"
#include "store/internal/index_rows.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <system_error>

namespace store {
namespace {

constexpr std::uint32_t kIndexFormat = 3;
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr int kAttemptsToOpen = 10;
// Up to this size every block is read at opening. Later damage shows in use, and is remembered.
constexpr std::uint64_t kReadWholeBytes = 256 * kMiB;
constexpr const char* kStampKey = "stamp";
constexpr const char* kChunkCountKey = "chunks";
constexpr const char* kNextPackKey = "next-pack";
constexpr const char* kWriterPrefix = "writer/";

enum class Family : std::size_t {
  standard,
  chunk,
  pack,
  packid,
  snapshot,
  tombstone,
  hold,
  lost,
  exported,
  cursor
};
// In the order of Family. RocksDB wants its own default family to be there.
constexpr std::array kFamilyNames{"default",   "chunk", "pack", "packid",   "snapshot",
                                  "tombstone", "hold",  "lost", "exported", "cursor"};

rocksdb::Slice slice(base::ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
base::ByteView view(const rocksdb::Slice& slice) {
  return std::as_bytes(std::span{slice.data(), slice.size()});
}

// The one place where RocksDB's words become ours. Not for NotFound, which callers expect.
void check_status(const rocksdb::Status& status, const std::filesystem::path& path) {
  using base::ErrorKind;
  if (status.ok()) return;
  const std::string told = status.ToString();
  const std::string message = base::text("index '", path.string(), "': ", told);
  const bool lock_held =
      status.IsIOError() && (told.find("While lock file") != std::string::npos ||
                             told.find("lock hold by current process") != std::string::npos);
  if (lock_held) throw base::Error{ErrorKind::in_use, message};
  if (status.IsNoSpace()) throw base::Error{ErrorKind::full, message};
  // A table file that is gone shows as an input/output error, or as other options and families.
  if (status.IsCorruption() || status.IsPathNotFound() || status.IsInvalidArgument() ||
      status.IsNotSupported() || status.IsNotFound() || status.IsTryAgain()) {
    if (status.IsCorruption()) mark_damaged(path);
    throw base::Error{ErrorKind::corrupt, message};
  }
  throw base::Error{status.IsIOError() ? ErrorKind::disk : ErrorKind::failed, message};
}

rocksdb::ColumnFamilyOptions family_options(Family family,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  rocksdb::ColumnFamilyOptions options;
  if (family == Family::chunk) {
    table.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(10));
    table.optimize_filters_for_memory = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.block_size = std::size_t{4} << 10;
    options.write_buffer_size = 32 * kMiB;
  } else {
    options.write_buffer_size = 4 * kMiB;
  }
  options.compression = rocksdb::kNoCompression;  // keys are hashes
  options.level_compaction_dynamic_level_bytes = true;
  options.paranoid_file_checks = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// What RocksDB tells of itself, without a file of its own (LOG): a program built with assertions,
// as Debian 12 builds RocksDB, aborts when it writes to that file again after a write has failed.
class Diary final : public rocksdb::Logger {
 public:
  Diary() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  using Logger::Logv;
  [[gnu::format(printf, 2, 0)]] void Logv(const char* format, va_list arguments) override {
    std::array<char, 512> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    base::log(base::LogLevel::info, "RocksDB: ", line.data());
  }
  void LogHeader(const char*, va_list) override {}  // its version and options
};

rocksdb::DBOptions database_options(Index::Mode mode) {
  rocksdb::DBOptions options;
  options.create_if_missing = options.error_if_exists = mode == Index::Mode::create;
  options.create_missing_column_families = options.create_if_missing;
  options.paranoid_checks = true;
  options.flush_verify_memtable_count = true;
  options.track_and_verify_wals_in_manifest = true;
  options.verify_sst_unique_id_in_manifest = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.db_write_buffer_size = 48 * kMiB;
  options.max_total_wal_size = 64 * kMiB;
  options.max_background_jobs = 2;
  // A reader keeps every file open: the writer removes what it has replaced.
  options.max_open_files = mode == Index::Mode::read ? -1 : 512;
  options.info_log = std::make_shared<Diary>();
  options.stats_dump_period_sec = options.stats_persist_period_sec = 0;
  return options;
}

// The tables' families stand in their order.
constexpr Family family_of(Table table) {
  return static_cast<Family>(static_cast<std::size_t>(Family::snapshot) +
                             static_cast<std::size_t>(table) -
                             static_cast<std::size_t>(Table::snapshot));
}
static_assert(family_of(Table::exported) == Family::exported);

using Families = std::vector<rocksdb::ColumnFamilyDescriptor>;

// An open database; the handles of its column families go before it.
class Database {
 public:
  ~Database() { close(); }

  rocksdb::Status open(Index::Mode mode, const std::filesystem::path& path,
                       const Families& families) {
    if (mode == Index::Mode::read) return open_for_reading(path, families);
    rocksdb::DB* opened = nullptr;
    auto status =
        rocksdb::DB::Open(database_options(mode), path.string(), families, &handles_, &opened);
    opened_.reset(opened);
    return mode == Index::Mode::write ? verify(status, path) : status;
  }

  rocksdb::DB* operator->() const { return opened_.get(); }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family family) const {
    return handles_.at(static_cast<std::size_t>(family));
  }

 private:
  // A writer changes its MANIFEST before it removes tables or logs: what is read while that stands
  // still is all there is. (A secondary instance silently shows less when it misses a table.)
  rocksdb::Status open_for_reading(const std::filesystem::path& path, const Families& families) {
    for (int attempt = 0; attempt < kAttemptsToOpen; ++attempt) {
      const std::string before = manifest_state(path);
      rocksdb::DB* opened = nullptr;
      const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(
          database_options(Index::Mode::read), path.string(), families, &handles_, &opened);
      opened_.reset(opened);
      const auto verified = verify(status, path);
      if (manifest_state(path) == before) return verified;
      close();
    }
    return rocksdb::Status::TryAgain("a process beside this one changes it without pause");
  }

  rocksdb::Status verify(const rocksdb::Status& opening, const std::filesystem::path& path) {
    const bool is_read = opening.ok() && index_bytes(path) <= kReadWholeBytes;
    return is_read ? opened_->VerifyChecksum() : opening;
  }

  void close() {
    if (!opened_) return;
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
      static_cast<void>(opened_->DestroyColumnFamilyHandle(handle));
    }
    handles_.clear();
    static_cast<void>(opened_->Close());  // what was acknowledged is synced already
    opened_.reset();
  }

  std::unique_ptr<rocksdb::DB> opened_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

class RocksdbIndex final : public Index {
 public:
  RocksdbIndex(std::filesystem::path path, const RepositoryId& repository, Mode mode);

  [[nodiscard]] std::optional<ChunkLocation> find(base::ByteView tenant_tag,
                                                  const ChunkId& id) const override;
  [[nodiscard]] std::optional<PackRow> pack(std::uint32_t number) const override;
  [[nodiscard]] std::optional<std::uint32_t> pack_number(const PackId& id) const override;
  void for_each_pack(
      const std::function<void(std::uint32_t number, const PackRow&)>& on_pack) const override;
  void add_pack(const PackRow& pack, std::span<const IndexedChunk> chunks) override;
  void remove_pack(std::uint32_t number, std::span<const ChunkId> chunks) override;
  [[nodiscard]] ChunksOfPacks chunks_in(std::span<const std::uint32_t> numbers) const override;
  void add_missing_chunks(std::uint32_t number, std::span<const IndexedChunk> chunks) override;
  void apply(std::span<const StateRow> rows) override { write(rows, Sync::yes); }
  void note(std::span<const StateRow> rows) override { write(rows, Sync::no); }
  void apply_commit(const LogCursor& cursor, std::span<const StateRow> rows) override;
  [[nodiscard]] std::vector<LogCursor> cursors() const override;
  void rows(Table table, std::string_view prefix, const OnRow& on_row) const override;
  [[nodiscard]] std::optional<base::Bytes> row(Table table, const std::string& key) const override;
  [[nodiscard]] WriterId writer() const override { return writer_; }
  [[nodiscard]] std::uint64_t chunk_count() const override { return counter(kChunkCountKey); }
  [[nodiscard]] std::uint64_t size_bytes() const override { return index_bytes(path_); }

 private:
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family family) const {
    return database_.family(family);
  }
  [[nodiscard]] std::optional<std::string> value_of(Family family, const rocksdb::Slice& key) const;
  [[nodiscard]] std::uint64_t counter(const char* key) const;
  enum class Sync : std::uint8_t { yes, no };
  void write(rocksdb::WriteBatch& batch, Sync sync = Sync::yes);
  void write(std::span<const StateRow> rows, Sync sync) {
    rocksdb::WriteBatch batch;
    put_rows(batch, rows);
    write(batch, sync);
  }
  void put(rocksdb::WriteBatch& batch, Family in, const rocksdb::Slice& key,
           base::ByteView value) const {
    check_status(batch.Put(family(in), key, slice(value)), path_);
  }
  void put_rows(rocksdb::WriteBatch& batch, std::span<const StateRow> rows) const;
  void drop_rows(rocksdb::WriteBatch& batch, Table table, const std::string& prefix) const;
  using OnPair = std::function<void(base::ByteView key, base::ByteView value)>;
  void for_each(Family family, std::string_view prefix, const OnPair& on_row) const;
  void write_stamp(const RepositoryId& repository);
  void read_stamp(const RepositoryId& repository);

  std::filesystem::path path_;
  Database database_;
  std::mutex writing_;  // counters are read, then written
  WriterId writer_;
};

RocksdbIndex::RocksdbIndex(std::filesystem::path path, const RepositoryId& repository, Mode mode)
    : path_(std::move(path)) {
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(64 * kMiB);
  Families descriptors;
  for (std::size_t number = 0; number < kFamilyNames.size(); ++number) {
    descriptors.emplace_back(kFamilyNames.at(number),
                             family_options(static_cast<Family>(number), cache));
  }
  check_status(database_.open(mode, path_, descriptors), path_);
  if (mode == Mode::create) write_stamp(repository);
  read_stamp(repository);
}

void RocksdbIndex::write_stamp(const RepositoryId& repository) {
  WriterId writer;
  base::fill_random(writer.bytes);
  FixedFieldWriter fields;
  fields.number(kIndexFormat).raw(repository.view()).raw(writer.view());
  rocksdb::WriteBatch batch;
  put(batch, Family::cursor, kStampKey, fields.view());
  write(batch);
}

void RocksdbIndex::read_stamp(const RepositoryId& repository) {
  const std::optional<std::string> stamp = value_of(Family::cursor, kStampKey);
  const std::string what = base::text("index '", path_.string(), "'");
  if (!stamp) throw base::Error{base::ErrorKind::corrupt, what + " has no stamp"};
  FixedFieldReader fields{base::as_bytes(*stamp), what};
  if (fields.number<std::uint32_t>() != kIndexFormat) fields.damaged("has another format");
  if (fields.fixed<RepositoryId>() != repository) fields.damaged("belongs to another repository");
  writer_ = fields.fixed<WriterId>();
}

std::optional<std::string> RocksdbIndex::value_of(Family family_name,
                                                  const rocksdb::Slice& key) const {
  std::string value;
  const rocksdb::Status status =
      database_->Get(rocksdb::ReadOptions{}, family(family_name), key, &value);
  if (status.IsNotFound()) return std::nullopt;
  check_status(status, path_);
  return value;
}

std::uint64_t RocksdbIndex::counter(const char* key) const {
  const std::optional<std::string> value = value_of(Family::cursor, key);
  if (!value) return 0;
  return FixedFieldReader{base::as_bytes(*value), "a counter of the index"}.number<std::uint64_t>();
}

void RocksdbIndex::write(rocksdb::WriteBatch& batch, Sync sync) {
  rocksdb::WriteOptions options;
  options.sync = sync == Sync::yes;
  check_status(database_->Write(options, &batch), path_);
}

void RocksdbIndex::for_each(Family family_name, std::string_view prefix,
                            const OnPair& on_row) const {
  const std::unique_ptr<rocksdb::Iterator> row{
      database_->NewIterator(rocksdb::ReadOptions{}, family(family_name))};
  const rocksdb::Slice start{prefix.data(), prefix.size()};
  for (row->Seek(start); row->Valid() && row->key().starts_with(start); row->Next()) {
    on_row(view(row->key()), view(row->value()));
  }
  check_status(row->status(), path_);
}

std::optional<ChunkLocation> RocksdbIndex::find(base::ByteView tenant_tag,
                                                const ChunkId& id) const {
  const std::optional<std::string> value =
      value_of(Family::chunk, slice(chunk_key(tenant_tag, id)));
  if (!value) return std::nullopt;
  return decode_location(base::as_bytes(*value));
}

std::optional<PackRow> RocksdbIndex::pack(std::uint32_t number) const {
  const auto key = number_key(number);
  const std::optional<std::string> value = value_of(Family::pack, {key.data(), key.size()});
  if (!value) return std::nullopt;
  return decode_pack(base::as_bytes(*value));
}

std::optional<std::uint32_t> RocksdbIndex::pack_number(const PackId& id) const {
  const std::optional<std::string> value = value_of(Family::packid, slice(id.view()));
  if (!value) return std::nullopt;
  return FixedFieldReader{base::as_bytes(*value), "an index row of a pack id"}
      .number<std::uint32_t>();
}

void RocksdbIndex::for_each_pack(
    const std::function<void(std::uint32_t number, const PackRow&)>& on_pack) const {
  for_each(Family::pack, "", [&](base::ByteView key, base::ByteView value) {
    on_pack(number_of_key(key), decode_pack(value));
  });
}

void RocksdbIndex::add_pack(const PackRow& pack, std::span<const IndexedChunk> chunks) {
  const std::lock_guard lock{writing_};
  if (pack_number(pack.id)) return;
  // Numbers are never used twice: a stale copy of a location must not point into another pack.
  const std::uint64_t next = counter(kNextPackKey);
  if (next > 0xffffffffU) throw base::Error{base::ErrorKind::failed, "the index is out of numbers"};
  const auto number = static_cast<std::uint32_t>(next);
  const auto key = number_key(number);
  rocksdb::WriteBatch batch;
  PackRow row = pack;
  row.plain_bytes = 0;
  put(batch, Family::packid, slice(pack.id.view()), FixedFieldWriter{}.number(number).view());
  for (const IndexedChunk& chunk : chunks) {
    ChunkLocation location = chunk.location;
    location.pack_number = number;
    row.plain_bytes += location.plain_bytes;
    put(batch, Family::chunk, slice(chunk_key(pack.tenant_tag, chunk.id)), encode(location));
  }
  put(batch, Family::pack, {key.data(), key.size()}, encode(row));
  put(batch, Family::cursor, kNextPackKey, FixedFieldWriter{}.number(next + 1).view());
  put(batch, Family::cursor, kChunkCountKey,
      FixedFieldWriter{}.number(counter(kChunkCountKey) + chunks.size()).view());
  write(batch);
}

void RocksdbIndex::remove_pack(std::uint32_t number, std::span<const ChunkId> chunks) {
  const std::lock_guard lock{writing_};
  const std::optional<PackRow> row = pack(number);
  if (!row) return;
  const auto key = number_key(number);
  rocksdb::WriteBatch batch;
  const auto drop = [&](Family family_name, const rocksdb::Slice& row_key) {
    check_status(batch.Delete(family(family_name), row_key), path_);
  };
  for (const ChunkId& chunk : chunks) {
    const std::optional<ChunkLocation> location = find(row->tenant_tag, chunk);
    if (!location || location->pack_number != number) continue;
    drop(Family::chunk, slice(chunk_key(row->tenant_tag, chunk)));
  }
  drop(Family::packid, slice(row->id.view()));
  drop(Family::pack, {key.data(), key.size()});
  put(batch, Family::cursor, kChunkCountKey,
      FixedFieldWriter{}.number(counter(kChunkCountKey) - row->chunks).view());
  write(batch);
}

Index::ChunksOfPacks RocksdbIndex::chunks_in(std::span<const std::uint32_t> numbers) const {
  ChunksOfPacks chunks;
  for (const std::uint32_t number : numbers) chunks[number];
  for_each(Family::chunk, "", [&](base::ByteView key, base::ByteView value) {
    const auto pack = chunks.find(decode_location(value).pack_number);
    if (pack != chunks.end()) pack->second.push_back(chunk_of_key(key));
  });
  return chunks;
}

void RocksdbIndex::add_missing_chunks(std::uint32_t number, std::span<const IndexedChunk> chunks) {
  const std::lock_guard lock{writing_};
  const std::optional<PackRow> row = pack(number);
  if (!row) return;
  rocksdb::WriteBatch batch;
  for (const IndexedChunk& chunk : chunks) {
    if (find(row->tenant_tag, chunk.id)) continue;
    ChunkLocation location = chunk.location;
    location.pack_number = number;
    put(batch, Family::chunk, slice(chunk_key(row->tenant_tag, chunk.id)), encode(location));
  }
  if (batch.Count() > 0) write(batch);
}

void RocksdbIndex::put_rows(rocksdb::WriteBatch& batch, std::span<const StateRow> rows) const {
  for (const StateRow& row : rows) {
    if (row.is_prefix) {
      drop_rows(batch, row.table, row.key);
      continue;
    }
    rocksdb::ColumnFamilyHandle* table = family(family_of(row.table));
    check_status(
        row.value ? batch.Put(table, row.key, slice(*row.value)) : batch.Delete(table, row.key),
        path_);
  }
}

// One by one, because ranges that were dropped slow down every later look.
void RocksdbIndex::drop_rows(rocksdb::WriteBatch& batch, Table table,
                             const std::string& prefix) const {
  base::check(!prefix.empty(), "a table is not dropped as a whole");
  for_each(family_of(table), prefix, [&](base::ByteView key, base::ByteView) {
    check_status(batch.Delete(family(family_of(table)), slice(key)), path_);
  });
}

void RocksdbIndex::apply_commit(const LogCursor& cursor, std::span<const StateRow> rows) {
  const std::lock_guard lock{writing_};
  rocksdb::WriteBatch batch;
  put_rows(batch, rows);
  FixedFieldWriter fields;
  fields.number(cursor.sequence).raw(cursor.hash.view());
  put(batch, Family::cursor, kWriterPrefix + cursor.writer.hex(), fields.view());
  write(batch);
}

std::vector<LogCursor> RocksdbIndex::cursors() const {
  std::vector<LogCursor> found;
  for_each(Family::cursor, kWriterPrefix, [&](base::ByteView key, base::ByteView value) {
    const std::string_view hex = base::as_text(key).substr(std::string_view{kWriterPrefix}.size());
    if (hex.size() != 2 * WriterId::kSizeBytes) {
      throw base::Error{base::ErrorKind::corrupt, "an index key of a writer"};
    }
    FixedFieldReader fields{value, "an index row of a writer"};
    LogCursor cursor;
    cursor.writer = WriterId::from(base::from_hex(hex));
    cursor.sequence = fields.number<std::uint64_t>();
    cursor.hash = fields.fixed<base::Sha256>();
    found.push_back(cursor);
  });
  return found;
}

void RocksdbIndex::rows(Table table, std::string_view prefix, const OnRow& on_row) const {
  for_each(family_of(table), prefix, [&](base::ByteView key, base::ByteView value) {
    on_row(std::string{base::as_text(key)}, value);
  });
}

std::optional<base::Bytes> RocksdbIndex::row(Table table, const std::string& key) const {
  const std::optional<std::string> value = value_of(family_of(table), key);
  if (!value) return std::nullopt;
  return base::to_bytes(base::as_bytes(*value));
}

}  // namespace

std::unique_ptr<Index> Index::open(const std::filesystem::path& path,
                                   const RepositoryId& repository, Mode mode) {
  std::error_code error;
  if (mode != Mode::create && !std::filesystem::exists(path / "CURRENT", error)) {
    throw base::Error{base::ErrorKind::not_found,
                      base::text("there is no index at '", path.string(), "'")};
  }
  if (mode == Mode::create) make_index_directory(path);
  if (mode == Mode::write) check_not_damaged(path);
  if (mode != Mode::create) check_index_logs(path);
  return std::make_unique<RocksdbIndex>(path, repository, mode);
}

}  // namespace store

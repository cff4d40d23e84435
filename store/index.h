// The index: where each chunk lies, which packs and snapshots there are, and up to which commit of
// each writer that is true. RocksDB, beside the repository; everything in it can be made again from
// packs and log.
//
// Nothing here is trusted over packs and log: what is found damaged or stale throws Error(corrupt),
// and the repository makes the index anew. Thread-safe. One process opens it for writing, any
// number for reading.
#pragma once

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "store/chunk_store.h"
#include "store/ids.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace store {

struct ChunkLocation {
  std::uint32_t pack_number = 0;    // of this index only; packs are named by id
  std::uint16_t record_number = 0;  // in the pack's table of contents
  std::uint64_t offset = 0;         // of the record header in the pack; a multiple of 64
  std::uint32_t sealed_bytes = 0;
  std::uint32_t plain_bytes = 0;
};

struct PackRow {
  PackId id;
  ChunkClass chunk_class = ChunkClass::data;
  base::Bytes tenant_tag;        // 16 bytes
  std::uint32_t generation = 0;  // of its keys
  std::uint64_t size_bytes = 0;
  std::uint32_t chunks = 0;
  std::uint64_t plain_bytes = 0;  // of its chunks together; filled in by add_pack()
};

struct IndexedChunk {
  ChunkId id;
  ChunkLocation location;  // pack_number is filled in by add_pack()
};

// How far the commit log of a writer is in the index.
struct LogCursor {
  WriterId writer;
  std::uint64_t sequence = 0;
  base::Sha256 hash;  // of that commit object
};

// What commits fill, then what was found missing or has to be looked for (lost), and what runs have
// stored that no commit holds yet (exported). The numbers are part of the sealed rows.
enum class Table : std::uint8_t { snapshot = 1, tombstone = 2, hold = 3, lost = 4, exported = 5 };

// A change to a table, whose rows are ordered by key. What the values say is not the index's
// affair.
struct StateRow {
  Table table = Table::snapshot;
  std::string key;
  std::optional<base::Bytes> value;  // empty: the row goes
  bool is_prefix = false;            // without a value: every row goes whose key begins so
};

class Index {
 public:
  virtual ~Index() = default;

  // `salvage`: as `write`, and what can be read of it is had, whatever else is damaged.
  enum class Mode : std::uint8_t { create, write, read, salvage };
  // Error(not_found) if there is none (all but create), Error(corrupt) if it is damaged or belongs
  // to another repository, Error(in_use) if another process writes to it.
  static std::unique_ptr<Index> open(const std::filesystem::path& path,
                                     const RepositoryId& repository, Mode mode);
  // Moves whatever is at `path` aside so that a new one can be made; the oldest moved one is
  // dropped. The caller has made sure that both are an index (check_index_place).
  static void move_aside(const std::filesystem::path& path);

  [[nodiscard]] virtual std::optional<ChunkLocation> find(base::ByteView tenant_tag,
                                                          const ChunkId& id) const = 0;
  [[nodiscard]] virtual std::optional<PackRow> pack(std::uint32_t number) const = 0;
  [[nodiscard]] virtual std::optional<std::uint32_t> pack_number(const PackId& id) const = 0;
  virtual void for_each_pack(
      const std::function<void(std::uint32_t number, const PackRow&)>& on_pack) const = 0;

  // One synced batch: the pack's row and its chunks. Adding a pack again changes nothing.
  virtual void add_pack(const PackRow& pack, std::span<const IndexedChunk> chunks) = 0;

  // One synced batch: the pack's row goes, and those of `chunks`, which are the pack's, that say
  // they lie in it. Nothing happens if there is no such pack.
  virtual void remove_pack(std::uint32_t number, std::span<const ChunkId> chunks) = 0;
  // What the index says lies in each of these packs. Reads the whole table, once: for packs that
  // cannot say themselves what they hold.
  using ChunksOfPacks = std::map<std::uint32_t, std::vector<ChunkId>>;  // of all asked for
  [[nodiscard]] virtual ChunksOfPacks chunks_in(std::span<const std::uint32_t> numbers) const = 0;
  // One synced batch: those of the pack's chunks that no row tells of get one.
  virtual void add_missing_chunks(std::uint32_t number, std::span<const IndexedChunk> chunks) = 0;

  // One synced batch, of no commit: rows of Table::lost.
  virtual void apply(std::span<const StateRow> rows) = 0;
  // The same without a sync: a power cut may take the newest of them. Rows of Table::exported.
  virtual void note(std::span<const StateRow> rows) = 0;

  // One synced batch: what the commit changes, in this order, and the cursor that now includes it.
  virtual void apply_commit(const LogCursor& cursor, std::span<const StateRow> rows) = 0;
  [[nodiscard]] virtual std::vector<LogCursor> cursors() const = 0;
  // Rows whose key begins with `prefix`, in key order. The view lasts for the call.
  using OnRow = std::function<void(const std::string& key, base::ByteView value)>;
  virtual void rows(Table table, std::string_view prefix, const OnRow& on_row) const = 0;
  [[nodiscard]] virtual std::optional<base::Bytes> row(Table table,
                                                       const std::string& key) const = 0;

  // The writer id of this appliance; kept with the index.
  [[nodiscard]] virtual WriterId writer() const = 0;
  [[nodiscard]] virtual std::uint64_t chunk_count() const = 0;
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
};

}  // namespace store

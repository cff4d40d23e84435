#include "tests/support/memory_index.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/synchronized.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace test {

using base::ErrorKind;
using store::ChunkId;
using store::ChunkLocation;
using store::IndexedChunk;
using store::LogCursor;
using store::PackId;
using store::PackRow;
using store::StateRow;
using store::Table;

struct MemoryIndex::State {
  using ChunkKey = std::pair<base::Bytes, ChunkId>;

  store::RepositoryId repository;
  store::WriterId writer;
  std::map<ChunkKey, ChunkLocation> chunks;
  std::map<std::uint32_t, PackRow> packs;
  std::map<PackId, std::uint32_t> numbers;
  std::map<std::pair<Table, std::string>, base::Bytes> rows;
  std::map<store::WriterId, LogCursor> cursors;
  std::uint32_t next_pack = 0;
  std::uint64_t chunk_count = 0;

  void put(const std::vector<StateRow>& changes) {
    for (const StateRow& row : changes) {
      if (row.value) {
        rows.insert_or_assign({row.table, row.key}, *row.value);
      } else if (row.is_prefix) {
        std::erase_if(rows, [&](const auto& known) {
          return known.first.first == row.table && known.first.second.starts_with(row.key);
        });
      } else {
        rows.erase({row.table, row.key});
      }
    }
  }
};

struct MemoryIndex::Content {
  struct Written {
    State state;
    Batches batches;
  };
  base::Synchronized<Written> written;
  base::Synchronized<bool> is_open_for_writing{false};

  void write(Batch batch) {
    auto now = written.lock();
    batch(now->state);
    now->batches.push_back(std::make_shared<const Batch>(std::move(batch)));
  }
};

namespace {

using State = MemoryIndex::State;
using Moment = MemoryIndex::Moment;

template <typename Content>
class OpenIndex final : public store::Index {
 public:
  OpenIndex(std::shared_ptr<Content> content, std::shared_ptr<MemoryIndex::Hook> hook, Mode mode)
      : content_(std::move(content)), hook_(std::move(hook)), mode_(mode) {
    if (mode_ != Mode::read) *content_->is_open_for_writing.lock() = true;
  }
  ~OpenIndex() override {
    if (mode_ != Mode::read) *content_->is_open_for_writing.lock() = false;
  }
  OpenIndex(const OpenIndex&) = delete;
  OpenIndex& operator=(const OpenIndex&) = delete;

  [[nodiscard]] std::optional<ChunkLocation> find(base::ByteView tenant_tag,
                                                  const ChunkId& id) const override {
    return value_of(content_->written.lock()->state.chunks, {base::to_bytes(tenant_tag), id});
  }
  [[nodiscard]] std::optional<PackRow> pack(std::uint32_t number) const override {
    return value_of(content_->written.lock()->state.packs, number);
  }
  [[nodiscard]] std::optional<std::uint32_t> pack_number(const PackId& id) const override {
    return value_of(content_->written.lock()->state.numbers, id);
  }
  // Callbacks may use the index, so they are told what was there when it began.
  void for_each_pack(
      const std::function<void(std::uint32_t, const PackRow&)>& on_pack) const override {
    const auto packs = content_->written.lock()->state.packs;
    for (const auto& [number, row] : packs) on_pack(number, row);
  }
  void rows(Table table, std::string_view prefix, const OnRow& on_row) const override {
    std::vector<std::pair<std::string, base::Bytes>> found;
    {
      auto written = content_->written.lock();
      const auto& rows = written->state.rows;
      for (auto row = rows.lower_bound({table, std::string{prefix}});
           row != rows.end() && row->first.first == table && row->first.second.starts_with(prefix);
           ++row) {
        found.emplace_back(row->first.second, row->second);
      }
    }
    for (const auto& [key, value] : found) on_row(key, value);
  }

  [[nodiscard]] std::optional<base::Bytes> row(Table table, const std::string& key) const override {
    return value_of(content_->written.lock()->state.rows, {table, key});
  }

  void add_pack(const PackRow& pack, std::span<const IndexedChunk> chunks) override;
  void remove_pack(std::uint32_t number, std::span<const ChunkId> chunks) override;
  [[nodiscard]] ChunksOfPacks chunks_in(std::span<const std::uint32_t> numbers) const override;
  void add_missing_chunks(std::uint32_t number, std::span<const IndexedChunk> chunks) override;
  void apply(std::span<const StateRow> rows) override {
    write([rows = std::vector(rows.begin(), rows.end())](State& state) { state.put(rows); });
  }
  void note(std::span<const StateRow> rows) override { apply(rows); }
  void apply_commit(const LogCursor& cursor, std::span<const StateRow> rows) override {
    write([cursor, rows = std::vector(rows.begin(), rows.end())](State& state) {
      state.put(rows);
      state.cursors[cursor.writer] = cursor;
    });
  }

  [[nodiscard]] std::vector<LogCursor> cursors() const override {
    std::vector<LogCursor> found;
    for (const auto& [writer, cursor] : content_->written.lock()->state.cursors) {
      found.push_back(cursor);
    }
    return found;
  }
  [[nodiscard]] store::WriterId writer() const override {
    return content_->written.lock()->state.writer;
  }
  [[nodiscard]] std::uint64_t chunk_count() const override {
    return content_->written.lock()->state.chunk_count;
  }
  [[nodiscard]] std::uint64_t size_bytes() const override {
    auto written = content_->written.lock();
    return written->state.chunks.size() * (sizeof(ChunkId) + sizeof(ChunkLocation)) +
           written->state.packs.size() * sizeof(PackRow);
  }

 private:
  template <typename Map>
  static std::optional<typename Map::mapped_type> value_of(const Map& map,
                                                           const typename Map::key_type& key) {
    const auto found = map.find(key);
    if (found == map.end()) return std::nullopt;
    return found->second;
  }
  void write(MemoryIndex::Batch batch) {
    if (mode_ == Mode::read) {
      throw base::Error{ErrorKind::corrupt, "an index opened for reading is not written to"};
    }
    if (*hook_) (*hook_)(Moment::before);
    content_->write(std::move(batch));
    if (*hook_) (*hook_)(Moment::after);
  }

  std::shared_ptr<Content> content_;
  std::shared_ptr<MemoryIndex::Hook> hook_;
  Mode mode_;
};

template <typename Content>
void OpenIndex<Content>::add_pack(const PackRow& pack, std::span<const IndexedChunk> chunks) {
  write([pack, chunks = std::vector(chunks.begin(), chunks.end())](State& state) {
    const auto [number, is_new] = state.numbers.try_emplace(pack.id, state.next_pack);
    if (!is_new) return;
    ++state.next_pack;
    PackRow row = pack;
    row.plain_bytes = 0;
    for (const IndexedChunk& chunk : chunks) {
      ChunkLocation location = chunk.location;
      location.pack_number = number->second;
      row.plain_bytes += location.plain_bytes;
      state.chunks.insert_or_assign({pack.tenant_tag, chunk.id}, location);
    }
    state.packs.emplace(number->second, std::move(row));
    state.chunk_count += chunks.size();
  });
}

template <typename Content>
void OpenIndex<Content>::remove_pack(std::uint32_t number, std::span<const ChunkId> chunks) {
  write([number, chunks = std::vector(chunks.begin(), chunks.end())](State& state) {
    const auto row = state.packs.find(number);
    if (row == state.packs.end()) return;
    for (const ChunkId& chunk : chunks) {
      const auto found = state.chunks.find({row->second.tenant_tag, chunk});
      if (found == state.chunks.end() || found->second.pack_number != number) continue;
      state.chunks.erase(found);
    }
    state.chunk_count -= row->second.chunks;
    state.numbers.erase(row->second.id);
    state.packs.erase(row);
  });
}

template <typename Content>
store::Index::ChunksOfPacks OpenIndex<Content>::chunks_in(
    std::span<const std::uint32_t> numbers) const {
  ChunksOfPacks chunks;
  for (const std::uint32_t number : numbers) chunks[number];
  for (const auto& [key, location] : content_->written.lock()->state.chunks) {
    const auto pack = chunks.find(location.pack_number);
    if (pack != chunks.end()) pack->second.push_back(key.second);
  }
  return chunks;
}

template <typename Content>
void OpenIndex<Content>::add_missing_chunks(std::uint32_t number,
                                            std::span<const IndexedChunk> chunks) {
  write([number, chunks = std::vector(chunks.begin(), chunks.end())](State& state) {
    const auto row = state.packs.find(number);
    if (row == state.packs.end()) return;
    for (const IndexedChunk& chunk : chunks) {
      ChunkLocation location = chunk.location;
      location.pack_number = number;
      state.chunks.try_emplace({row->second.tenant_tag, chunk.id}, location);
    }
  });
}

}  // namespace

std::unique_ptr<store::Index> MemoryIndex::open(store::Index::Mode mode,
                                                const store::RepositoryId& repository) {
  using Mode = store::Index::Mode;
  if (mode == Mode::create) {
    if (content_) throw base::Error{ErrorKind::corrupt, "there is an index in memory already"};
    content_ = std::make_shared<Content>();
    store::WriterId writer;
    base::fill_random(writer.bytes);
    content_->write([repository, writer](State& state) {
      state.repository = repository;
      state.writer = writer;
    });
  }
  if (!content_) throw base::Error{ErrorKind::not_found, "there is no index in memory"};
  if (content_->written.lock()->state.repository != repository) {
    throw base::Error{ErrorKind::corrupt, "the index in memory belongs to another repository"};
  }
  std::shared_ptr<Content> content = content_;
  if (mode == Mode::read) {
    // Who reads sees what was there when it was opened.
    content = std::make_shared<Content>();
    content->written.lock()->state = content_->written.lock()->state;
  } else if (*content_->is_open_for_writing.lock()) {
    throw base::Error{ErrorKind::in_use, "the index in memory is open for writing"};
  }
  return std::make_unique<OpenIndex<Content>>(std::move(content), hook_, mode);
}

MemoryIndex::Batches MemoryIndex::written() const {
  return content_ ? content_->written.lock()->batches : Batches{};
}

void MemoryIndex::put_back(const Batches& batches) {
  content_ = nullptr;
  if (batches.empty()) return;
  content_ = std::make_shared<Content>();
  auto written = content_->written.lock();
  written->batches = batches;
  for (const std::shared_ptr<const Batch>& batch : batches) (*batch)(written->state);
}

std::set<PackId> MemoryIndex::packs() const {
  std::set<PackId> packs;
  if (!content_) return packs;
  auto written = content_->written.lock();
  for (const auto& [id, number] : written->state.numbers) packs.insert(id);
  for (const auto& [key, location] : written->state.chunks) {
    const auto row = written->state.packs.find(location.pack_number);
    if (row == written->state.packs.end()) {
      throw base::Error{ErrorKind::corrupt, "chunk " + key.second.hex() + " lies in no pack"};
    }
    packs.insert(row->second.id);
  }
  return packs;
}

}  // namespace test

#include "store/internal/second_opinion.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/chunk_encoder.h"
#include "store/internal/codec.h"
#include "store/internal/pack_reader.h"
#include "store/internal/reachability.h"

#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace store {
namespace {

using ChunkSet = std::unordered_set<ChunkId, base::FixedBytesHash>;

struct Place {
  std::uint32_t pack = 0;  // in the order of reading
  ChunkLocation location;
};
using Places = std::unordered_map<ChunkId, Place, base::FixedBytesHash>;

// Metadata chunks, found by tables of contents. For reading only.
class ListedChunks final : public ChunkStore {
 public:
  ListedChunks(const Backend& backend, const KeyRing& keys, const Codec& codec)
      : backend_(&backend), keys_(&keys), codec_(&codec) {}

  void add(const PackContents& contents) {
    const auto number = static_cast<std::uint32_t>(packs_.size());
    packs_.push_back(contents.row);
    for (const IndexedChunk& chunk : contents.chunks) {
      places_.insert_or_assign(chunk.id, Place{number, chunk.location});
    }
  }

  PutResult put(ChunkClass, base::ByteView) override { throw std::logic_error{"only for reading"}; }
  void flush() override { throw std::logic_error{"only for reading"}; }
  [[nodiscard]] bool contains(const ChunkId& id) const override { return places_.contains(id); }
  [[nodiscard]] std::optional<base::Bytes> get(const ChunkId& id) const override {
    const auto place = places_.find(id);
    if (place == places_.end()) return std::nullopt;
    const PackReader::Record record = reader(place->second.pack).read(id, place->second.location);
    base::Bytes plaintext(record.header.plain_bytes);
    const auto tenant = keys_->tenant_of_tag(packs_[place->second.pack].tenant_tag);
    ChunkEncoder{tenant->id_key(), *codec_}.decode(record.header, record.payload(), plaintext);
    return plaintext;
  }

 private:
  // The last one is kept: trees lie together.
  const PackReader& reader(std::uint32_t pack) const {
    if (!reader_ || reader_->first != pack) {
      const PackRow& row = packs_[pack];
      reader_.reset();
      reader_.emplace(pack, std::make_unique<PackReader>(*backend_, row, keys_->repository(),
                                                         *keys_->tenant_of_tag(row.tenant_tag)));
    }
    return *reader_->second;
  }

  const Backend* backend_;
  const KeyRing* keys_;
  const Codec* codec_;
  std::vector<PackRow> packs_;
  Places places_;
  mutable std::optional<std::pair<std::uint32_t, std::unique_ptr<PackReader>>> reader_;
};

}  // namespace

class SecondOpinion::State {
 public:
  State(const Backend& backend, const KeyRing& keys, const std::set<PackId>& condemned,
        const std::stop_token& stop)
      : backend_(&backend),
        keys_(&keys),
        condemned_(&condemned),
        stop_(&stop),
        metadata_(backend, keys, *codec_) {}

  void read_condemned() {
    for (const PackObject& pack : listed()) {
      if (!condemned_->contains(pack.id)) continue;
      stop_if_asked();
      const PackContents contents = read_pack_contents(*backend_, *keys_, pack);
      take(pack, contents);
      std::vector<ChunkId>& chunks = doomed_packs_[pack.id];
      for (const IndexedChunk& chunk : contents.chunks) {
        chunks.push_back(chunk.id);
        doomed_.insert(chunk.id);
      }
    }
    if (doomed_packs_.size() != condemned_->size()) {
      throw base::Error{base::ErrorKind::corrupt, "a pack that is to be deleted is not there"};
    }
  }

  void read_others() {
    for (const PackObject& pack : listed()) {
      if (condemned_->contains(pack.id) || !seen_.insert(pack.id).second) continue;
      stop_if_asked();
      std::optional<PackContents> contents;
      try {
        contents = read_pack_contents(*backend_, *keys_, pack);
      } catch (const base::Error& error) {
        // What lies there cannot be relied on; a tree in it will be missed, and stop everything.
        if (error.kind() != base::ErrorKind::corrupt) throw;
        continue;
      }
      take(pack, *contents);
      for (const IndexedChunk& chunk : contents->chunks) {
        if (doomed_.contains(chunk.id)) safe_.insert(chunk.id);
      }
    }
  }

  void keep(const Snapshot& snapshot) {
    const auto on_metadata = [&](const ChunkId& id) {
      stop_if_asked();
      on_chunk(id);
      return walked_.insert(id).second ? Reach::descend : Reach::pass_by;
    };
    const auto note = [&](const ChunkId& id) { on_chunk(id); };
    walk_snapshot(metadata_, snapshot, {on_metadata, note, note});
  }

  [[nodiscard]] std::set<PackId> deletable() const {
    std::set<PackId> packs;
    for (const auto& [pack, chunks] : doomed_packs_) {
      bool needed = false;
      for (const ChunkId& id : chunks) {
        needed = needed || (kept_.contains(id) && !safe_.contains(id));
      }
      if (!needed) packs.insert(pack);
    }
    return packs;
  }

 private:
  [[nodiscard]] std::vector<PackObject> listed() const {
    return list_packs(*backend_, [](const std::string&) {});
  }
  void take(const PackObject& pack, const PackContents& contents) {
    if (pack.chunk_class == ChunkClass::metadata) metadata_.add(contents);
  }
  void on_chunk(const ChunkId& id) {
    if (doomed_.contains(id)) kept_.insert(id);
  }
  void stop_if_asked() const {
    if (!stop_->stop_requested()) return;
    throw base::Error{base::ErrorKind::cancelled, "proving what may be deleted was stopped"};
  }

  const Backend* backend_;
  const KeyRing* keys_;
  const std::set<PackId>* condemned_;
  const std::stop_token* stop_;
  std::unique_ptr<Codec> codec_ = make_zstd_codec();
  ListedChunks metadata_;
  std::set<PackId> seen_;
  std::map<PackId, std::vector<ChunkId>> doomed_packs_;
  ChunkSet doomed_;  // in condemned packs
  ChunkSet kept_;    // those of them that restore points name
  ChunkSet safe_;    // those of them that lie elsewhere, too
  ChunkSet walked_;
};

SecondOpinion::SecondOpinion(const Backend& backend, const KeyRing& keys,
                             const std::set<PackId>& condemned, const std::stop_token& stop)
    : state_(std::make_unique<State>(backend, keys, condemned, stop)) {
  state_->read_condemned();
  state_->read_others();
}

SecondOpinion::~SecondOpinion() = default;

void SecondOpinion::keep(const Snapshot& snapshot) { state_->keep(snapshot); }

void SecondOpinion::look_again() { state_->read_others(); }

std::set<PackId> SecondOpinion::deletable() const { return state_->deletable(); }

}  // namespace store

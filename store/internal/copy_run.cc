#include "store/internal/copy_run.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/pack_format.h"
#include "store/internal/reachability.h"
#include "store/internal/record_set.h"
#include "store/internal/stream_content.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace store {
namespace {

using base::ErrorKind;

// A pack is copied as it is if this much of it is needed: then the second store gets little that
// nobody names.
constexpr std::uint64_t kLeastNeededPercent = 70;

constexpr std::size_t kNotesBlockBytes = std::size_t{64} << 10;

// The first store's chunks. A disk that cannot read one is damage like any other: it costs the
// restore points that need it, while a failing disk of the second store ends the copy.
class SourceChunks final : public ChunkStore {
 public:
  explicit SourceChunks(const ChunkStore& chunks) : chunks_(&chunks) {}

  PutResult put(ChunkClass, base::ByteView) override { throw std::logic_error{"only for reading"}; }
  void flush() override { throw std::logic_error{"only for reading"}; }
  [[nodiscard]] bool contains(const ChunkId& id) const override { return chunks_->contains(id); }
  [[nodiscard]] std::optional<base::Bytes> get(const ChunkId& id) const override {
    try {
      return chunks_->get(id);
    } catch (const base::Error& error) {
      if (error.kind() != ErrorKind::disk) throw;
      throw base::Error{ErrorKind::corrupt, error.what()};
    }
  }

 private:
  const ChunkStore* chunks_;
};

class CopyRun {
 public:
  CopyRun(const CopySource& from, const CopyTarget& to, const CopyOptions& options,
          const OnProgress& on_progress, const std::stop_token& stop)
      : from_(from), to_(to), options_(options), on_progress_(on_progress), stop_(stop) {}

  CopyReport run() {
    const std::unique_ptr<Repository::Work> work = to_.packs.leases.begin_work();
    find_what_is_new();
    add_holds();
    count_what_is_needed();
    try {
      for (const Snapshot& snapshot : points_) copy(snapshot);
    } catch (const base::Error& error) {
      if (error.kind() == ErrorKind::cancelled) commit_group();  // what is done is kept
      throw;
    }
    commit_group();
    return std::move(report_);
  }

 private:
  using OnChunk = std::function<void(ChunkClass, const ChunkId&, const ChunkLocation&)>;

  void find_what_is_new();
  void add_holds();
  void count_what_is_needed();
  void leave_out_lost_notes(Snapshot& snapshot) const;

  struct Walked {
    RecordSet met;
    RecordSet entered;  // all below was met as well
  };
  // Every chunk that the restore point needs and that was not met. False if the first store cannot
  // give one: that is then told.
  bool walk(const Snapshot& snapshot, Walked& walked, const OnChunk& on_chunk);
  void copy(const Snapshot& snapshot);
  void bring(const Snapshot& snapshot, ChunkClass chunk_class, const ChunkId& id,
             const ChunkLocation& place);
  void bring_pack(std::uint32_t number);
  // Whether the second store has it, and keeps it until the commit.
  [[nodiscard]] bool is_there(base::ByteView tenant_tag, const ChunkId& id) const;
  void commit_group();
  void advance(std::uint64_t size_bytes) {
    progress_.done_bytes += size_bytes;
    if (on_progress_) on_progress_(progress_);
  }

  const CopySource& from_;
  const CopyTarget& to_;
  const CopyOptions& options_;
  const OnProgress& on_progress_;
  const std::stop_token& stop_;
  std::vector<Snapshot> points_;
  std::vector<Hold> holds_;
  std::unordered_set<std::uint32_t> whole_packs_;  // that are still to be copied as they are
  Walked brought_;
  std::vector<Snapshot> group_;
  std::uint64_t group_began_at_ = 0;  // bytes written before it
  Progress progress_;
  CopyReport report_;
};

// The log of the second store knows everything that it ever had; the index has lost what was
// purged.
void CopyRun::find_what_is_new() {
  std::map<std::string, const Snapshot*> unknown;
  for (const Snapshot& snapshot : from_.snapshots) {
    unknown.emplace(to_.rows.key_of(snapshot), &snapshot);
  }
  std::map<std::string, const Hold*> unknown_holds;
  for (const Hold& hold : from_.holds) unknown_holds.emplace(hold.id, &hold);
  to_.log.verify(
      [&](const CommitRecord& record, const LogCursor&) {
        for (const Snapshot& snapshot : record.snapshots) unknown.erase(to_.rows.key_of(snapshot));
        for (const LogEvent& event : record.events) {
          // A log that was written anew after damage tells of what was purged by this alone.
          if (const auto* purged = std::get_if<SnapshotPurged>(&event)) unknown.erase(purged->key);
          if (const auto* added = std::get_if<HoldAdded>(&event)) {
            unknown_holds.erase(added->hold.id);
          }
        }
      },
      [](const base::Error& error) { throw base::Error{error}; });
  report_.skipped = from_.snapshots.size() - unknown.size();
  for (const auto& [key, snapshot] : unknown) points_.push_back(*snapshot);
  for (const auto& [id, hold] : unknown_holds) holds_.push_back(*hold);
  std::ranges::sort(points_, [](const Snapshot& left, const Snapshot& right) {
    return std::tie(left.time, left.id) < std::tie(right.time, right.id);
  });
}

// Before what they hold, so that nothing comes that could be let go in between.
void CopyRun::add_holds() {
  if (holds_.empty()) return;
  std::vector<LogEvent> events;
  for (const Hold& hold : holds_) events.emplace_back(HoldAdded{hold});
  to_.commit_events(std::move(events));
  report_.holds = holds_.size();
}

// Before anything is copied, because a pack serves many restore points.
void CopyRun::count_what_is_needed() {
  Walked walked;
  RecordSet needed;
  std::unordered_map<std::uint32_t, std::uint64_t> needed_bytes;  // by pack
  std::vector<Snapshot> readable;
  for (Snapshot& snapshot : points_) {
    leave_out_lost_notes(snapshot);
    const base::ByteView tag = from_.keys.tenant(snapshot.tenant).tag();
    const auto count = [&](ChunkClass, const ChunkId& id, const ChunkLocation& place) {
      if (is_there(tag, id) || !needed.add(place)) return;
      needed_bytes[place.pack_number] += record_bytes(place.sealed_bytes) + kContentsEntryBytes;
    };
    if (walk(snapshot, walked, count)) readable.push_back(std::move(snapshot));
  }
  points_ = std::move(readable);
  for (const auto& [number, size_bytes] : needed_bytes) {
    const std::optional<PackRow> pack = from_.index.pack(number);
    const bool whole = pack && size_bytes * 100 >= pack->size_bytes * kLeastNeededPercent;
    if (whole) whole_packs_.insert(number);
    progress_.total_bytes += whole ? pack->size_bytes : size_bytes;
  }
}

// They serve the next backup alone: a restore point is worth as much without them.
void CopyRun::leave_out_lost_notes(Snapshot& snapshot) const {
  if (!snapshot.state) return;
  const SourceChunks chunks{from_.chunks_of(snapshot.tenant)};
  try {
    const std::unique_ptr<ContentReader> reader = read_content(chunks, *snapshot.state);
    base::Bytes block(kNotesBlockBytes);
    while (reader->read(block) > 0) {
    }
  } catch (const base::Error& error) {
    if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::not_found) throw;
    base::log(base::LogLevel::warning, "restore point ", snapshot.id, " of ", snapshot.address,
              " is copied without the notes for the next backup: ", error.what());
    snapshot.state.reset();
  }
}

bool CopyRun::walk(const Snapshot& snapshot, Walked& walked, const OnChunk& on_chunk) {
  const SourceChunks chunks{from_.chunks_of(snapshot.tenant)};
  const base::ByteView tag = from_.keys.tenant(snapshot.tenant).tag();
  const auto visit = [&](ChunkClass chunk_class, const ChunkId& id) {
    if (stop_.stop_requested()) {
      throw base::Error{ErrorKind::cancelled,
                        "the copy was stopped; the next one goes on from here"};
    }
    const std::optional<ChunkLocation> place = from_.index.find(tag, id);
    if (!place) {
      throw base::Error{ErrorKind::corrupt, base::text("the store does not hold chunk ", id.hex())};
    }
    if (walked.met.add(*place)) on_chunk(chunk_class, id, *place);
    return *place;
  };
  const auto enter = [&](const ChunkId& id) {
    return walked.entered.add(visit(ChunkClass::metadata, id)) ? Reach::descend : Reach::pass_by;
  };
  try {
    walk_snapshot(chunks, snapshot,
                  {enter, [&](const ChunkId& id) { visit(ChunkClass::metadata, id); },
                   [&](const ChunkId& id) { visit(ChunkClass::data, id); }});
    return true;
  } catch (const base::Error& error) {
    if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::not_found) throw;
    report_.problems.push_back({snapshot.id, snapshot.address, error.what()});
  }
  // Not all below what was met has been seen: others that share it look for themselves.
  walked = {};
  return false;
}

void CopyRun::copy(const Snapshot& snapshot) {
  const auto on_chunk = [&](ChunkClass chunk_class, const ChunkId& id, const ChunkLocation& place) {
    bring(snapshot, chunk_class, id, place);
  };
  if (!walk(snapshot, brought_, on_chunk)) return;
  group_.push_back(snapshot);
  if (report_.bytes - group_began_at_ >= options_.group_bytes ||
      group_.size() >= options_.group_points) {
    commit_group();
  }
}

bool CopyRun::is_there(base::ByteView tenant_tag, const ChunkId& id) const {
  const std::optional<ChunkLocation> place = to_.packs.index.find(tenant_tag, id);
  return place && to_.packs.leases.rely_on(*place);
}

void CopyRun::bring(const Snapshot& snapshot, ChunkClass chunk_class, const ChunkId& id,
                    const ChunkLocation& place) {
  const base::ByteView tag = from_.keys.tenant(snapshot.tenant).tag();
  if (is_there(tag, id)) return;
  bring_pack(place.pack_number);
  if (is_there(tag, id)) return;
  const auto plaintext = SourceChunks{from_.chunks_of(snapshot.tenant)}.get(id);
  if (!plaintext) {
    throw base::Error{ErrorKind::corrupt, base::text("the store does not hold chunk ", id.hex())};
  }
  const ChunkStore::PutResult put = to_.chunks_of(snapshot.tenant).put(chunk_class, *plaintext);
  if (put.id != id) {
    throw base::Error{ErrorKind::corrupt, base::text("chunk ", id.hex(), " is another one")};
  }
  if (!put.is_new) return;
  ++report_.chunks;
  report_.bytes += put.stored_bytes;
  advance(record_bytes(place.sealed_bytes) + kContentsEntryBytes);
}

void CopyRun::bring_pack(std::uint32_t number) {
  if (whole_packs_.erase(number) == 0) return;
  const std::optional<PackRow> pack = from_.index.pack(number);
  if (!pack) return;
  if (!copy_pack(from_.backend, to_.packs, {pack->id, pack->chunk_class, pack->size_bytes})) return;
  ++report_.packs;
  report_.bytes += pack->size_bytes;
  advance(pack->size_bytes);
}

void CopyRun::commit_group() {
  to_.commit(group_);
  report_.snapshots += group_.size();
  group_.clear();
  group_began_at_ = report_.bytes;
}

}  // namespace

CopyReport run_copy(const CopySource& from, const CopyTarget& to, const CopyOptions& options,
                    const OnProgress& on_progress, const std::stop_token& stop) {
  return CopyRun{from, to, options, on_progress, stop}.run();
}

}  // namespace store

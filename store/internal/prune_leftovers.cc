#include "store/internal/prune_leftovers.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"
#include "store/packs.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

namespace store {
namespace {

using base::ErrorKind;

// No store has seen so many prunes: whoever put trash of a higher number there wants the numbers to
// run out.
constexpr std::uint64_t kMostAdopted = 1'000'000'000;

bool holds_all(const CommitLog& log, std::span<const LogCursor> heads) {
  try {
    return std::ranges::all_of(heads, [&](const LogCursor& head) { return log.holds(head); });
  } catch (const base::Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return false;
  }
}

// Nothing was committed since, and nothing is gone.
bool ends_at(const CommitLog& log, std::span<const LogCursor> heads) {
  const CommitLog::Chains chains = log.chains();
  if (chains.size() != heads.size()) return false;
  for (const LogCursor& head : heads) {
    const auto chain = chains.find(head.writer);
    if (chain == chains.end() || chain->second != head.sequence) return false;
  }
  return holds_all(log, heads);
}

// Empty if it is not there, or not what was written.
std::optional<PruneNote> read_sound(const PruneJournal& journal, std::uint64_t epoch,
                                    PruneStep step) {
  try {
    return journal.read(epoch, step);
  } catch (const base::Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    base::log(base::LogLevel::warning, "a note of prune ", epoch,
              " decides nothing: ", error.what());
    return std::nullopt;
  }
}

}  // namespace

PruneLeftovers::PruneLeftovers(Backend& backend, const KeyRing& keys)
    : backend_(backend), journal_(backend, keys), epochs_(journal_.epochs()) {}

std::optional<std::uint64_t> PruneLeftovers::newest_readable() const {
  const auto newest = std::find_if(epochs_.rbegin(), epochs_.rend(), [&](std::uint64_t epoch) {
    return journal_.read_last(epoch).has_value();
  });
  return newest == epochs_.rend() ? std::nullopt : std::optional{*newest};
}

std::uint64_t PruneLeftovers::next_epoch() const {
  const std::vector<std::uint64_t> batches = backend_.discarded_batches();
  std::set<std::uint64_t> taken{epochs_.begin(), epochs_.end()};
  taken.insert(batches.begin(), batches.end());
  std::uint64_t next = newest_readable().value_or(0) + 1;
  while (taken.contains(next)) ++next;
  return next;
}

std::string PruneLeftovers::contradiction(const CommitLog& log) const {
  for (auto epoch = epochs_.rbegin(); epoch != epochs_.rend(); ++epoch) {
    const std::optional<PruneNote> note = journal_.read_last(*epoch);
    if (!note) continue;
    if (holds_all(log, note->heads)) return {};
    return base::text("the commit log lacks records that prune ", *epoch,
                      " knew: log/ is an older copy, or its end is missing; put the newer one "
                      "back, or, if it is lost, run `coffer check --repair`");
  }
  return {};
}

void PruneLeftovers::forget_notes() {
  for (const std::uint64_t epoch : epochs_) journal_.remove(epoch);
  epochs_.clear();
}

std::vector<PruneLeftovers::Batch> PruneLeftovers::ended() const {
  std::vector<Batch> ended;
  for (const std::uint64_t number : backend_.discarded_batches()) {
    if (!std::ranges::binary_search(epochs_, number)) {
      ended.push_back({number, std::nullopt});
    } else if (std::optional<PruneNote> done = read_sound(journal_, number, PruneStep::done)) {
      ended.push_back({number, std::move(done->heads)});
    }
  }
  return ended;
}

std::uint64_t PruneLeftovers::tidy(const LogState& log, base::Instant now,
                                   base::Duration trash_for) {
  std::uint64_t freed = 0;
  for (const Batch& batch : ended()) {
    if (!batch.heads) {
      if (batch.number >= kMostAdopted) continue;
      journal_.write(batch.number, PruneStep::done, {now, log.heads(), {}});
      epochs_.insert(std::ranges::upper_bound(epochs_, batch.number), batch.number);
    } else if (log.witnessed_since(*batch.heads, now) >= trash_for) {
      freed += empty(batch.number);
    }
  }
  const std::vector<std::uint64_t> full = backend_.discarded_batches();
  const std::vector<std::uint64_t> epochs = epochs_;
  const std::optional<std::uint64_t> newest = newest_readable();
  for (const std::uint64_t epoch : epochs) {
    if (epoch == newest || std::ranges::binary_search(full, epoch)) continue;
    // What was never to be deleted, or is deleted; what cannot be read may be either.
    const auto step = [&](PruneStep at) { return journal_.has(epoch, at); };
    if (step(PruneStep::deleting) && !step(PruneStep::done)) continue;
    journal_.remove(epoch);
    std::erase(epochs_, epoch);
  }
  return freed;
}

std::uint64_t PruneLeftovers::empty_trash() {
  std::uint64_t freed = 0;
  for (const Batch& batch : ended()) freed += empty(batch.number);
  return freed;
}

std::uint64_t PruneLeftovers::empty(std::uint64_t batch) { return backend_.empty_batch(batch); }

void remove_rows(const Backend& backend, const KeyRing& keys, Index& index,
                 const PackObject& pack) {
  const std::optional<std::uint32_t> number = index.pack_number(pack.id);
  if (!number) return;
  std::vector<ChunkId> chunks;
  try {
    for (const IndexedChunk& chunk : read_pack_contents(backend, keys, pack).chunks) {
      chunks.push_back(chunk.id);
    }
  } catch (const base::Error& error) {
    if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::not_found) throw;
    base::log(base::LogLevel::warning, "a pack that goes cannot be read: ", error.what());
    chunks = index.chunks_in({&*number, 1}).at(*number);
  }
  index.remove_pack(*number, chunks);
}

void discard_pack(Backend& backend, const PackObject& pack, std::uint64_t epoch) {
  // The parity first: parity without a pack means that the pack was lost.
  backend.discard(parity_name(pack.id), epoch);
  backend.discard(pack_name(pack.chunk_class, pack.id), epoch);
}

void end_deletions(Backend& backend, const KeyRing& keys, const CommitLog& log, Index* index,
                   base::Instant now) {
  PruneJournal journal{backend, keys};
  for (const std::uint64_t epoch : journal.epochs()) {
    const std::optional<PruneNote> deleting = read_sound(journal, epoch, PruneStep::deleting);
    if (!deleting || journal.has(epoch, PruneStep::done)) continue;
    // Whatever it would have deleted stays then, and the next prune finds it again.
    if (!ends_at(log, deleting->heads)) {
      base::log(base::LogLevel::warning, "prune ", epoch,
                " is void: the commit log has changed since it was cut off");
    } else {
      base::log(base::LogLevel::info, "ending the deletions of prune ", epoch);
      for (const PackObject& pack : deleting->packs) {
        if (index != nullptr) remove_rows(backend, keys, *index, pack);
        discard_pack(backend, pack, epoch);
      }
    }
    journal.write(epoch, PruneStep::done, {now, deleting->heads, deleting->packs});
  }
}

}  // namespace store

#include "store/internal/log_salvage.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"
#include "store/internal/repository_state.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace store {
namespace {

// Well below what a commit record may take.
constexpr std::size_t kSnapshotsARecord = 50'000;

using Heads = CommitLog::Cursors;

struct Told {
  CommitRecord record;
  LogCursor cursor;
};

// None before one that its writer knew, as CommitLog::read_on() tells them; those that are missing
// are passed over.
std::vector<Told> in_order(std::vector<Told> records) {
  std::map<WriterId, std::deque<Told>> chains;
  for (Told& each : records) chains[each.cursor.writer].push_back(std::move(each));
  const auto comes_next = [&](const auto& chain) {
    return std::ranges::all_of(chain.second.front().record.others, [&](const LogCursor& other) {
      const auto waiting = chains.find(other.writer);
      return waiting == chains.end() || waiting->second.front().cursor.sequence > other.sequence;
    });
  };
  std::vector<Told> ordered;
  while (!chains.empty()) {
    auto next = std::ranges::find_if(chains, comes_next);
    if (next == chains.end()) next = chains.begin();  // each claims that the others came before
    ordered.push_back(std::move(next->second.front()));
    next->second.pop_front();
    if (next->second.empty()) chains.erase(next);
  }
  return ordered;
}

// All that is known of restore points and holds.
struct Known {
  RepositoryState::Snapshots snapshots;
  std::map<std::string, std::string> tombstones;  // key -> reason
  std::map<std::string, Hold> holds;              // by id
  std::set<std::string> purged;
  // What any readable record told of, whatever came of it.
  std::set<std::string> once_forgotten;  // keys
  std::set<std::string> once_held;       // ids
  std::optional<Journal::Head> audit;    // the furthest

  void apply(const CommitRecord& record, const StateRows& rows) {
    for (const Snapshot& snapshot : record.snapshots) {
      snapshots.insert_or_assign(rows.key_of(snapshot), snapshot);
    }
    for (const LogEvent& event : record.events) std::visit([this](const auto& e) { on(e); }, event);
  }

  void note_what_is_told_of(const CommitRecord& record) {
    if (record.audit && (!audit || audit->sequence < record.audit->sequence)) audit = record.audit;
    for (const LogEvent& event : record.events) {
      if (const auto* purge = std::get_if<SnapshotPurged>(&event)) purged.insert(purge->key);
      if (const auto* forgotten = std::get_if<SnapshotForgotten>(&event)) {
        once_forgotten.insert(forgotten->key);
      }
      if (const auto* added = std::get_if<HoldAdded>(&event)) once_held.insert(added->hold.id);
    }
  }

 private:
  void on(const SnapshotForgotten& event) { tombstones[event.key] = event.reason; }
  void on(const SnapshotRecalled& event) { tombstones.erase(event.key); }
  void on(const SnapshotPurged& event) { purged.insert(event.key); }
  void on(const HoldAdded& event) { holds.insert_or_assign(event.hold.id, event.hold); }
  void on(const HoldRemoved& event) { holds.erase(event.id); }
};

// What the index knows, and the readable records that it does not include yet; without an index all
// of them.
Known gather(std::vector<Told> told, const StateRows& rows, const Index* index) {
  Known known;
  Heads included;
  if (index != nullptr) {
    const RepositoryState state{*index, rows, {}};
    known.snapshots = state.unpurged("");
    for (const auto& [key, tombstone] : state.tombstones("")) {
      known.tombstones[key] = tombstone.reason;
    }
    for (const Hold& hold : state.holds()) known.holds[hold.id] = hold;
    included = cursors_of(*index);
  }
  for (const auto& [record, cursor] : in_order(std::move(told))) {
    known.note_what_is_told_of(record);
    if (cursor.sequence > included[cursor.writer].sequence) known.apply(record, rows);
  }
  for (const std::string& key : known.purged) {
    known.snapshots.erase(key);
    known.tombstones.erase(key);
  }
  return known;
}

// The records of which nothing is known any more, and since when, for people; empty if there are
// none. `heads`: how far the chains reached, as sound records tell. A name beyond them, which may
// be anybody's, stands for itself alone.
std::string lost_records(const Backend& backend, const CommitLog& log, const Index* index,
                         const std::vector<Told>& told, const Heads& heads) {
  Heads included;
  if (index != nullptr) included = cursors_of(*index);
  std::map<WriterId, std::set<std::uint64_t>> suspects;
  for (const auto& [writer, head] : heads) {
    for (std::uint64_t i = included[writer].sequence + 1; i <= head.sequence; ++i) {
      suspects[writer].insert(i);
    }
  }
  backend.list(kLogPrefix, [&](const std::string& name, std::uint64_t) {
    const auto place = commit_place_of(name);
    if (place && place->sequence > included[place->writer].sequence) {
      suspects[place->writer].insert(place->sequence);
    }
  });
  std::map<WriterId, std::map<std::uint64_t, base::Instant>> readable;
  for (const Told& each : told) {
    readable[each.cursor.writer][each.cursor.sequence] = each.record.time;
  }
  std::vector<std::string> lost;
  std::optional<base::Instant> since;  // none: one of them is the first of its chain
  for (const auto& [writer, sequences] : suspects) {
    const std::map<std::uint64_t, base::Instant>& times = readable[writer];
    for (const std::uint64_t sequence : sequences) {
      const std::string name = commit_name(writer, sequence);
      // Where a repair died, it has read the record and set it aside.
      if (times.contains(sequence) || log.can_open(quarantined_log_name(name), name)) continue;
      const auto next = times.upper_bound(sequence);
      const auto before =
          next == times.begin() ? std::nullopt : std::optional{std::prev(next)->second};
      since = lost.empty() ? before : std::min(since, before);
      lost.push_back(name);
    }
  }
  if (lost.empty()) return {};
  return base::text("lost with ", lost.front(),
                    lost.size() > 1 ? base::text(" and ", lost.size() - 1, " more") : "",
                    since ? base::text(", written after ", base::format_rfc3339(*since)) : "",
                    ": restore points, and what was held or forgotten; no index remembers them");
}

// The last word on everything that the replaced records may have said otherwise.
void overrule(const Known& known, std::vector<LogEvent>& events) {
  for (const std::string& key : known.once_forgotten) {
    if (known.snapshots.contains(key) && !known.tombstones.contains(key)) {
      events.emplace_back(SnapshotRecalled{key});
    }
  }
  for (const std::string& id : known.once_held) {
    if (!known.holds.contains(id)) {
      events.emplace_back(HoldRemoved{id, "removed before the log was damaged"});
    }
  }
}

// As the first records of a new writer, who knew `replaced`. Gives the last one.
LogCursor write_anew(const CommitLog& log, const Known& known, const Heads& replaced,
                     base::Instant now) {
  LogCursor head;
  base::fill_random(head.writer.bytes);
  CommitRecord record;
  for (const auto& [writer, cursor] : replaced) record.others.push_back(cursor);
  const auto put = [&] {
    record.time = now;
    head = log.append(head, std::exchange(record, {}));
  };
  for (const auto& [key, snapshot] : known.snapshots) {
    record.snapshots.push_back(snapshot);
    if (record.snapshots.size() == kSnapshotsARecord) put();
  }
  for (const auto& [key, reason] : known.tombstones) {
    if (known.snapshots.contains(key)) record.events.emplace_back(SnapshotForgotten{key, reason});
  }
  // Still told, so that nobody takes for new what this store has let go.
  for (const std::string& key : known.purged) record.events.emplace_back(SnapshotPurged{key});
  for (const auto& [id, hold] : known.holds) record.events.emplace_back(HoldAdded{hold});
  if (!replaced.empty()) overrule(known, record.events);
  record.audit = known.audit;  // or a repair would wash the audit log's end away
  put();
  return head;
}

// What is known is written down twice. The first writing names the records that it replaces: it is
// told after them, and as soon as one of them is gone, the log is seen to be damaged, until the
// second writing, which names nothing, is whole and the first one is gone, too.
void replace_log(Backend& backend, const CommitLog& log, const Known& known, const Heads& replaced,
                 base::Instant now) {
  std::vector<std::string> old;
  backend.list(kLogPrefix, [&](const std::string& name, std::uint64_t) { old.push_back(name); });
  for (const std::string& name : old) backend.keep_copy(name, quarantined_log_name(name));
  const LogCursor first = write_anew(log, known, replaced, now);
  for (const std::string& name : old) backend.remove(name);
  if (replaced.empty()) return;
  write_anew(log, known, {}, now);
  // From the end, so that a power cut leaves no gap.
  for (std::uint64_t sequence = first.sequence; sequence > 0; --sequence) {
    backend.remove(commit_name(first.writer, sequence));
  }
}

}  // namespace

LogSalvage salvage_log(Backend& backend, const CommitLog& log, const StateRows& rows,
                       const Index* index, std::vector<std::string> damage, base::Instant now) {
  LogSalvage salvage;
  salvage.damage = std::move(damage);
  std::vector<Told> told;
  Heads heads;
  log.verify(
      [&](const CommitRecord& record, const LogCursor& cursor) {
        told.push_back({record, cursor});
        heads[cursor.writer] = cursor;
      },
      [&](const base::Error& error) {
        // A program that does not know a format must not throw away what is in it.
        if (error.kind() != base::ErrorKind::corrupt) throw base::Error{error};
        salvage.damage.emplace_back(error.what());
      });
  if (salvage.damage.empty()) return salvage;
  // What others knew of a chain that has lost its end stays said until all is written anew.
  for (const Told& each : told) {
    for (const LogCursor& other : each.record.others) {
      LogCursor& head = heads[other.writer];
      if (head.sequence < other.sequence) head = other;
    }
  }
  salvage.lost = lost_records(backend, log, index, told, heads);
  const Known known = gather(std::move(told), rows, index);
  replace_log(backend, log, known, heads, now);
  salvage.snapshots = known.snapshots.size();
  return salvage;
}

}  // namespace store

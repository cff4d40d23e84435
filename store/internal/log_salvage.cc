#include "store/internal/log_salvage.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"
#include "store/internal/repository_state.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace store {
namespace {

// Well below what a commit record may take.
constexpr std::size_t kSnapshotsARecord = 50'000;

// All that is known of restore points and holds.
struct Known {
  RepositoryState::Snapshots snapshots;
  std::map<std::string, std::string> tombstones;  // key -> reason
  std::map<std::string, Hold> holds;              // by id
  std::set<std::string> purged;

  void apply(const CommitRecord& record, const StateRows& rows) {
    for (const Snapshot& snapshot : record.snapshots) {
      snapshots.insert_or_assign(rows.key_of(snapshot), snapshot);
    }
    for (const LogEvent& event : record.events) std::visit([this](const auto& e) { on(e); }, event);
  }

 private:
  void on(const SnapshotForgotten& event) { tombstones[event.key] = event.reason; }
  void on(const SnapshotRecalled& event) { tombstones.erase(event.key); }
  void on(const SnapshotPurged& event) { purged.insert(event.key); }
  void on(const HoldAdded& event) { holds.insert_or_assign(event.hold.id, event.hold); }
  void on(const HoldRemoved& event) { holds.erase(event.id); }
};

struct Told {
  CommitRecord record;
  LogCursor cursor;
};

// What the index knows, and the readable records that it does not include yet; without an index all
// of them. Their writers' own order is kept, and time orders them across writers.
Known gather(std::vector<Told> told, const StateRows& rows, const Index* index) {
  Known known;
  std::map<WriterId, std::uint64_t> included;
  if (index != nullptr) {
    const RepositoryState state{*index, rows, {}};
    known.snapshots = state.unpurged("");
    for (const auto& [key, tombstone] : state.tombstones("")) {
      known.tombstones[key] = tombstone.reason;
    }
    for (const Hold& hold : state.holds()) known.holds[hold.id] = hold;
    for (const LogCursor& cursor : index->cursors()) included[cursor.writer] = cursor.sequence;
  }
  std::ranges::stable_sort(told, [](const Told& left, const Told& right) {
    const auto place = [](const Told& each) {
      return std::tie(each.record.time, each.cursor.writer, each.cursor.sequence);
    };
    return place(left) < place(right);
  });
  for (const auto& [record, cursor] : told) {
    for (const LogEvent& event : record.events) {
      if (const auto* purge = std::get_if<SnapshotPurged>(&event)) known.purged.insert(purge->key);
    }
    if (cursor.sequence > included[cursor.writer]) known.apply(record, rows);
  }
  for (const std::string& key : known.purged) {
    known.snapshots.erase(key);
    known.tombstones.erase(key);
  }
  return known;
}

void write_anew(const CommitLog& log, const Known& known, base::Instant now) {
  LogCursor head;
  base::fill_random(head.writer.bytes);
  CommitRecord record;
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
  put();
}

}  // namespace

LogSalvage salvage_log(Backend& backend, const CommitLog& log, const StateRows& rows,
                       const Index* index, base::Instant now) {
  LogSalvage salvage;
  std::vector<Told> told;
  log.verify(
      [&](const CommitRecord& record, const LogCursor& cursor) {
        told.push_back({record, cursor});
      },
      [&](const base::Error& error) {
        // A program that does not know a format must not throw away what is in it.
        if (error.kind() != base::ErrorKind::corrupt) throw base::Error{error};
        salvage.damage.emplace_back(error.what());
      });
  if (salvage.damage.empty()) return salvage;
  std::vector<std::string> old;
  backend.list("log/", [&](const std::string& name, std::uint64_t) { old.push_back(name); });
  const Known known = gather(std::move(told), rows, index);
  write_anew(log, known, now);
  for (const std::string& name : old) {
    backend.keep_copy(name, quarantined_log_name(name));
    backend.remove(name);
  }
  salvage.snapshots = known.snapshots.size();
  return salvage;
}

}  // namespace store

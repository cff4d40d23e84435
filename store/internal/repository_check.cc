#include "store/internal/repository_check.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/damage_names.h"
#include "store/internal/lost_log.h"
#include "store/internal/object_name.h"
#include "store/internal/pack_check.h"
#include "store/internal/prune_leftovers.h"
#include "store/internal/tree_check.h"
#include "store/internal/verification_ledger.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace store {
namespace {

// By the name that tells them apart, whatever their source.
using SnapshotsByRow = RepositoryState::Snapshots;

bool is_told(const CheckSubjects& subjects, const LogCursor& record) {
  if (!subjects.told) return true;
  const auto chain = subjects.told->find(record.writer);
  return chain != subjects.told->end() && record.sequence <= chain->second;
}

SnapshotsByRow snapshots_of_log(const CheckSubjects& subjects, CheckReport& report) {
  SnapshotsByRow snapshots;
  std::set<std::string> purged;  // for good, so the order of the records does not matter
  subjects.log.verify(
      [&](const CommitRecord& record, const LogCursor& cursor) {
        if (!is_told(subjects, cursor)) return;  // committed since
        for (const Snapshot& snapshot : record.snapshots) {
          snapshots.insert_or_assign(subjects.rows.key_of(snapshot), snapshot);
        }
        for (const LogEvent& event : record.events) {
          if (const auto* purge = std::get_if<SnapshotPurged>(&event)) purged.insert(purge->key);
        }
      },
      [&](const base::Error& error) { report.errors.emplace_back(error.what()); });
  for (const std::string& key : purged) snapshots.erase(key);
  return snapshots;
}

void look_for_lost_records(const CheckSubjects& subjects, CheckReport& report) {
  const auto tell = [&](std::string lost) {
    if (!lost.empty()) report.errors.push_back(std::move(lost));
  };
  tell(lost_altogether(subjects.backend, subjects.clock.now()));
  tell(PruneLeftovers{subjects.backend, subjects.keys}.contradiction(subjects.log));
  try {
    tell(lost_with_log(subjects.backend, subjects.log, subjects.rows, subjects.index));
  } catch (const base::Error& error) {
    // Which record is damaged is told below.
    if (error.kind() != base::ErrorKind::corrupt) throw;
  }
}

std::string describe(const Snapshot& snapshot) {
  return base::text("restore point ", snapshot.id, " of ", snapshot.address);
}

// Those of the log, and those that only the index has still: damage to the log must not hide what
// can be restored.
SnapshotsByRow all_snapshots(const CheckSubjects& subjects, CheckReport& report) {
  SnapshotsByRow snapshots = snapshots_of_log(subjects, report);
  const SnapshotsByRow& shown = subjects.snapshots;
  for (const auto& [key, snapshot] : snapshots) {
    const auto found = shown.find(key);
    if (found == shown.end()) {
      report.errors.push_back(
          base::text("the index lacks ", describe(snapshot), ": run rebuild-index"));
    } else if (encode(found->second) != encode(snapshot)) {
      report.errors.push_back(
          base::text("the index has a wrong ", describe(snapshot), ": run rebuild-index"));
    }
  }
  for (const auto& [key, snapshot] : shown) {
    if (snapshots.contains(key)) continue;
    report.errors.push_back(
        base::text(describe(snapshot), " is in the index, but not in the commit log"));
    snapshots.emplace(key, snapshot);
  }
  return snapshots;
}

void check_notes(const Snapshot& snapshot, TreeCheck& check, CheckReport& report) {
  if (!snapshot.state || check.is_content_sound(*snapshot.state)) return;
  report.errors.push_back(base::text(
      "the notes for the next backup in ", describe(snapshot),
      " are damaged: the next backup reads the mailbox anew, and nothing that can be restored is "
      "lost with them"));
}

// What trees and recipes lie in is damaged, though the pack's table of contents is whole.
void note_packs_of(const std::vector<ChunkId>& unreadable, const Index& index,
                   base::ByteView tenant_tag, PackSurvey& survey) {
  std::set<PackId> noted;
  for (const PackObject& pack : survey.damaged) noted.insert(pack.id);
  for (const ChunkId& id : unreadable) {
    const std::optional<ChunkLocation> place = index.find(tenant_tag, id);
    const std::optional<PackRow> row = place ? index.pack(place->pack_number) : std::nullopt;
    if (!row || !noted.insert(row->id).second) continue;
    survey.damaged.push_back({row->id, row->chunk_class, row->size_bytes});
  }
}

void note_full_check(Backend& backend, const VerificationPass& pass, base::Instant now,
                     const PackSurvey& survey, const CheckReport& report) {
  try {
    VerificationLedger ledger = VerificationLedger::load(backend, now);
    for (const PackId& pack : survey.whole) ledger.note(pack, now);
    for (const PackObject& pack : survey.damaged) ledger.forget(pack.id);
    if (report.errors.empty() && report.affected.empty()) ledger.checked = pass;
    ledger.save(backend);
  } catch (const base::Error& error) {
    base::log(base::LogLevel::warning, "what was verified cannot be noted: ", error.what());
  }
}

}  // namespace

CheckReport check_repository(const CheckSubjects& subjects, CheckLevel level,
                             const OnProgress& on_progress, const std::stop_token& stop,
                             PackSurvey& survey) {
  const VerificationPass pass{subjects.clock.now(), subjects.told.value_or(CommitLog::Chains{})};
  CheckReport report;
  for (const std::string& name : subjects.keys.find_damaged_copies(subjects.backend)) {
    report.errors.push_back(base::text(name, " is missing or damaged; its copies are whole"));
  }
  look_for_lost_records(subjects, report);
  const SnapshotsByRow snapshots = all_snapshots(subjects, report);
  report.restore_points = snapshots.size();
  const ChunkVerdicts verdicts =
      check_packs(subjects.backend, subjects.keys, subjects.index, subjects.is_named_now, level,
                  on_progress, stop, report, survey);
  std::map<TenantDomain, std::vector<const Snapshot*>> by_tenant;
  for (const auto& [key, snapshot] : snapshots) by_tenant[snapshot.tenant].push_back(&snapshot);
  DamageNames names;
  for (const auto& [tenant, of_tenant] : by_tenant) {
    const ChunkStore& chunks = subjects.chunks_of(tenant);
    TreeCheck check{chunks,   subjects.index, subjects.keys.tenant(tenant).tag(),
                    verdicts, stop,           report};
    for (const Snapshot* snapshot : of_tenant) {
      static_cast<void>(check.is_map_sound(MapKind::folders, snapshot->roots.folders));
      static_cast<void>(check.is_map_sound(MapKind::items, snapshot->roots.items));
      static_cast<void>(check.is_map_sound(MapKind::display, snapshot->roots.display));
    }
    for (const auto& [mailbox, bases] : subjects.bases) {
      if (mailbox.first != tenant) continue;
      for (const Snapshot& base : bases) check_notes(base, check, report);
    }
    note_packs_of(check.unreadable(), subjects.index, subjects.keys.tenant(tenant).tag(), survey);
    check.stop_reporting();
    for (const Snapshot* snapshot : of_tenant) names.add(chunks, check, *snapshot);
  }
  report.affected = names.take();
  if (level == CheckLevel::full) {
    note_full_check(subjects.backend, pass, subjects.clock.now(), survey, report);
  }
  return report;
}

bool is_outdated(const Backend& backend, const Index& index, const Index& later) {
  bool is_outdated = false;
  index.for_each_pack([&](std::uint32_t, const PackRow& row) {
    if (is_outdated || later.pack_number(row.id)) return;
    try {
      static_cast<void>(backend.read(pack_name(row.chunk_class, row.id), 0, 1));
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::not_found) throw;
      is_outdated = true;
    }
  });
  return is_outdated;
}

}  // namespace store

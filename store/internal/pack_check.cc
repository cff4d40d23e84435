#include "store/internal/pack_check.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"
#include "store/internal/pack_scrub.h"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace store {
namespace {

constexpr std::uint64_t kContentsEntryBytes = 48;

class PackCheck {
 public:
  PackCheck(const Backend& backend, const KeyRing& keys, const Index& index,
            const std::function<bool(const PackId&)>& is_named_now, CheckReport& report,
            PackSurvey& survey)
      : backend_(&backend),
        keys_(&keys),
        index_(&index),
        is_named_now_(&is_named_now),
        report_(&report),
        survey_(&survey) {}

  // Each was read before the one that follows: whoever adds a pack does it the other way round.
  using Rows = std::vector<std::pair<std::uint32_t, PackRow>>;
  void compare(const Rows& rows, const std::vector<PackId>& parities,
               const std::vector<PackObject>& packs) {
    std::map<PackId, std::uint64_t> sizes;
    for (const PackObject& pack : packs) sizes[pack.id] = pack.size_bytes;
    std::set<PackId> missing;
    for (const auto& [number, row] : rows) {
      const auto found = sizes.find(row.id);
      if (found == sizes.end() && !(*is_named_now_)(row.id)) {
        // Pruned since, and in the trash, if it is needed by what the check looks at: reading
        // tells.
        verdicts_.add_suspect_pack(number);
        continue;
      }
      if (found == sizes.end()) {
        add_error(base::text("pack ", row.id.hex(), " is missing"));
        missing.insert(row.id);
        survey_->damaged.push_back({row.id, row.chunk_class, row.size_bytes});
      } else if (found->second != row.size_bytes) {
        add_error(base::text("pack ", row.id.hex(), " has ", found->second, " bytes instead of ",
                             row.size_bytes));
      } else {
        continue;
      }
      verdicts_.add_suspect_pack(number);
    }
    parities_.insert(parities.begin(), parities.end());
    // The index may have been made anew since, and know nothing of them.
    for (const PackObject& pack : find_lost_packs(*backend_, parities, packs)) {
      if (missing.contains(pack.id)) continue;
      add_error(base::text("pack ", pack.id.hex(), " is missing"));
      survey_->damaged.push_back(pack);
    }
  }

  void check(const PackObject& pack, CheckLevel level) {
    ++report_->packs;
    const std::optional<std::uint32_t> number = index_->pack_number(pack.id);
    try {
      if (level == CheckLevel::full && !verify(pack, number)) return;
      check_contents(pack, number, level);
      if (level == CheckLevel::structure && !parities_.contains(pack.id)) note_without_parity(pack);
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::cancelled) throw;
      if (is_pruned(pack)) return;
      add_error(error.what());
      note_damaged(pack);
      if (number) verdicts_.add_suspect_pack(*number);
    }
  }

  [[nodiscard]] ChunkVerdicts take_verdicts() { return std::move(verdicts_); }

 private:
  void add_error(std::string error) { report_->errors.push_back(std::move(error)); }

  [[nodiscard]] bool is_pruned(const PackObject& pack) const {
    return !backend_->size_bytes(pack_name(pack.chunk_class, pack.id)) &&
           !(*is_named_now_)(pack.id);
  }

  void note_damaged(const PackObject& pack) {
    const std::vector<PackObject>& damaged = survey_->damaged;
    if (damaged.empty() || damaged.back().id != pack.id) survey_->damaged.push_back(pack);
  }

  // False if its table of contents cannot be read.
  [[nodiscard]] bool verify(const PackObject& pack, const std::optional<std::uint32_t>& number) {
    const PackFindings findings = verify_pack(*backend_, *keys_, pack);
    report_->bytes_read += findings.bytes_read;
    for (const std::string& error : findings.errors) add_error(error);
    if (findings.is_whole) {
      note_whole(pack, findings.parity);
      return true;
    }
    note_damaged(pack);
    if (!number) return !findings.contents_lost;
    const std::optional<PackRow> row = index_->pack(*number);
    for (const ChunkId& id : findings.damaged_chunks) {
      // Another pack may hold it too, and be the one that is read.
      const std::optional<ChunkLocation> place =
          row ? index_->find(row->tenant_tag, id) : std::nullopt;
      if (place && place->pack_number == *number) verdicts_.add_damaged(id);
    }
    // Damage that no record shows may still lie under one: reading tells.
    if (findings.contents_lost) verdicts_.add_suspect_pack(*number);
    return !findings.contents_lost;
  }

  void note_whole(const PackObject& pack, ParityState parity) {
    survey_->whole.push_back(pack.id);
    if (parity == ParityState::missing) note_without_parity(pack);
    if (parity == ParityState::damaged) {
      survey_->parity_damaged.push_back(pack);
      add_error(base::text("the parity of pack ", pack.id.hex(), " is damaged"));
    }
  }

  void note_without_parity(const PackObject& pack) {
    survey_->parity_missing.push_back(pack);
    ++report_->packs_without_parity;
  }

  void check_contents(const PackObject& pack, const std::optional<std::uint32_t>& number,
                      CheckLevel level) {
    const PackContents contents = read_pack_contents(*backend_, *keys_, pack);
    report_->chunks += contents.chunks.size();
    if (level == CheckLevel::structure) {
      report_->bytes_read += contents.chunks.size() * kContentsEntryBytes;
    }
    if (!number) return;  // published after the index was opened
    for (const IndexedChunk& chunk : contents.chunks) {
      const std::optional<ChunkLocation> place = index_->find(contents.row.tenant_tag, chunk.id);
      if (!place) {
        // Of two packs that held it the other one may have been pruned: nobody needs it then.
        verdicts_.add_unindexed(chunk.id, pack.id);
      } else if (place->pack_number == *number && place->offset != chunk.location.offset) {
        add_error(base::text("the index has another place for chunk ", chunk.id.hex(), " in pack ",
                             pack.id.hex(), ": run rebuild-index"));
      }
    }
  }

  const Backend* backend_;
  const KeyRing* keys_;
  const Index* index_;
  const std::function<bool(const PackId&)>* is_named_now_;
  CheckReport* report_;
  PackSurvey* survey_;
  std::set<PackId> parities_;
  ChunkVerdicts verdicts_;
};

}  // namespace

ChunkVerdicts::Verdict ChunkVerdicts::of(const Index& index, base::ByteView tenant_tag,
                                         const ChunkId& id) const {
  const std::optional<ChunkLocation> place = index.find(tenant_tag, id);
  if (!place) return Verdict::missing;
  if (damaged_.contains(id)) return Verdict::damaged;
  return suspect_packs_.contains(place->pack_number) ? Verdict::suspect : Verdict::sound;
}

std::optional<PackId> ChunkVerdicts::unindexed_in(const ChunkId& id) const {
  const auto found = unindexed_.find(id);
  return found == unindexed_.end() ? std::nullopt : std::optional{found->second};
}

ChunkVerdicts check_packs(const Backend& backend, const KeyRing& keys, const Index& index,
                          const std::function<bool(const PackId&)>& is_named_now, CheckLevel level,
                          const OnProgress& on_progress, const std::stop_token& stop,
                          CheckReport& report, PackSurvey& survey) {
  PackCheck::Rows rows;
  index.for_each_pack(
      [&](std::uint32_t number, const PackRow& row) { rows.emplace_back(number, row); });
  const std::vector<PackId> parities = list_parity(backend, [&](const std::string& name) {
    report.errors.push_back(base::text(name, " is no parity, but lies among it"));
  });
  const std::vector<PackObject> packs = list_packs(backend, [&](const std::string& name) {
    report.errors.push_back(base::text(name, " is no pack, but lies among them"));
  });
  Progress progress;
  for (const PackObject& pack : packs) progress.total_bytes += pack.size_bytes;
  PackCheck check{backend, keys, index, is_named_now, report, survey};
  check.compare(rows, parities, packs);
  for (const PackObject& pack : packs) {
    if (stop.stop_requested()) {
      throw base::Error{base::ErrorKind::cancelled, "the check was stopped"};
    }
    check.check(pack, level);
    progress.done_bytes += pack.size_bytes;
    if (on_progress) on_progress(progress);
  }
  return check.take_verdicts();
}

}  // namespace store

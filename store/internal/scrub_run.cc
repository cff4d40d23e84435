#include "store/internal/scrub_run.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"
#include "store/internal/pack_scrub.h"
#include "store/internal/verification_ledger.h"

#include <algorithm>
#include <utility>

namespace store {
namespace {

// What a killed scrub reads again at most.
constexpr base::Duration kSaveInterval = std::chrono::minutes{1};

class ScrubRun {
 public:
  ScrubRun(Backend& backend, const ScrubSettings& settings, base::Clock& clock,
           const OnProgress& on_progress, const std::stop_token& stop, PackSurvey& survey)
      : backend_(backend),
        settings_(settings),
        clock_(clock),
        on_progress_(on_progress),
        stop_(stop),
        survey_(survey),
        began_(clock.monotonic()),
        saved_(began_),
        ledger_(VerificationLedger::load(backend, clock.now())) {}

  CheckReport run() {
    require_store();
    // The log before the packs: a record's packs are published before it is.
    const VerificationPass fresh{clock_.now(), list_log_heads(backend_)};
    const auto on_stranger = [&](const std::string& name) {
      report_.errors.push_back(base::text(name, " does not belong where it lies"));
    };
    const std::vector<PackId> parities = list_parity(backend_, on_stranger);
    const std::vector<PackObject> packs = list_packs(backend_, on_stranger);
    for (const PackObject& lost : find_lost_packs(backend_, parities, packs)) {
      report_.errors.push_back(base::text("pack ", lost.id.hex(), " is missing"));
      survey_.damaged.push_back(lost);
    }
    if (!ledger_.under_way) ledger_.under_way = fresh;
    read_due_packs(packs);
    if (report_.packs_left == 0) end_pass();
    save();
    return std::move(report_);
  }

 private:
  // Without a key nobody proves that it is a store, but an empty place is none.
  void require_store() const {
    bool is_store = false;
    backend_.list("conf/", [&](const std::string&, std::uint64_t) { is_store = true; });
    if (is_store) return;
    throw base::Error{base::ErrorKind::no_store,
                      base::text("there is no store at ", backend_.describe())};
  }

  // Those of this pass that are still to be read, longest unverified first.
  std::vector<PackObject> due_packs(const std::vector<PackObject>& packs) {
    std::vector<std::pair<base::Instant, PackObject>> due;
    std::vector<PackId> present;
    for (const PackObject& pack : packs) {
      present.push_back(pack.id);
      const base::Instant verified = ledger_.verified(pack.id).value_or(base::Instant::min());
      if (verified < ledger_.under_way->began) due.emplace_back(verified, pack);
    }
    ledger_.keep_only(present);
    std::ranges::stable_sort(due, {}, [](const auto& entry) { return entry.first; });
    std::vector<PackObject> ordered;
    ordered.reserve(due.size());
    for (auto& [verified, pack] : due) ordered.push_back(pack);
    return ordered;
  }

  void read_due_packs(const std::vector<PackObject>& packs) {
    const std::vector<PackObject> due = due_packs(packs);
    for (const PackObject& pack : due) progress_.total_bytes += pack.size_bytes;
    report_.packs_left = due.size();
    for (const PackObject& pack : due) {
      if (stop_.stop_requested() || (report_.packs > 0 && is_time_up())) return;
      // A piece that was read stays read: a stop waits for the end of the pack.
      read(pack);
      --report_.packs_left;
      progress_.done_bytes += pack.size_bytes;
      if (on_progress_) on_progress_(progress_);
      if (clock_.monotonic() - saved_ >= kSaveInterval) save();
    }
  }

  void read(const PackObject& pack) {
    const ScrubbedPack result =
        scrub_pack(backend_, pack, [&](std::uint64_t size_bytes) { pace(size_bytes); });
    if (result.state == ScrubbedPack::State::gone) return;
    ++report_.packs;
    report_.errors.insert(report_.errors.end(), result.errors.begin(), result.errors.end());
    if (result.state == ScrubbedPack::State::damaged) {
      ledger_.forget(pack.id);
      survey_.damaged.push_back(pack);
      return;
    }
    survey_.whole.push_back(pack.id);
    if (result.parity == ParityState::missing) {
      survey_.parity_missing.push_back(pack);
      ++report_.packs_without_parity;
    }
    if (result.parity == ParityState::damaged) {
      survey_.parity_damaged.push_back(pack);
      ledger_.forget(pack.id);  // looked at again first, until it is healed
    } else {
      ledger_.note(pack.id, clock_.now());
    }
  }

  void pace(std::uint64_t size_bytes) {
    report_.bytes_read += size_bytes;
    if (settings_.bytes_per_second == 0) return;
    const double seconds =
        static_cast<double>(report_.bytes_read) / static_cast<double>(settings_.bytes_per_second);
    const base::Duration due{static_cast<std::int64_t>(seconds * 1000)};
    clock_.sleep_for(due - (clock_.monotonic() - began_), stop_);
  }

  [[nodiscard]] bool is_time_up() const {
    return settings_.time_limit > base::Duration::zero() &&
           clock_.monotonic() - began_ >= settings_.time_limit;
  }

  // A pass that met damage ends too, or it would keep the next one from beginning; but it proves
  // nothing.
  void end_pass() {
    std::optional<VerificationPass> pass = std::exchange(ledger_.under_way, std::nullopt);
    if (report_.errors.empty()) ledger_.scrubbed = std::move(pass);
  }

  void save() {
    saved_ = clock_.monotonic();
    try {
      ledger_.save(backend_);
    } catch (const base::Error& error) {
      // Reading was not in vain: damage is found all the same, only the order is forgotten.
      base::log(base::LogLevel::warning, "what was verified cannot be noted: ", error.what());
    }
  }

  Backend& backend_;
  const ScrubSettings& settings_;
  base::Clock& clock_;
  const OnProgress& on_progress_;
  const std::stop_token& stop_;
  PackSurvey& survey_;
  base::Duration began_;
  base::Duration saved_;
  VerificationLedger ledger_;
  CheckReport report_;
  Progress progress_;
};

}  // namespace

CheckReport run_scrub(Backend& backend, const ScrubSettings& settings, base::Clock& clock,
                      const OnProgress& on_progress, const std::stop_token& stop,
                      PackSurvey& survey) {
  return ScrubRun{backend, settings, clock, on_progress, stop, survey}.run();
}

}  // namespace store

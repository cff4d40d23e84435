#include "tests/simulation/life_restore.h"

#include "src/base/text.h"
#include "src/catalog/folder_paths.h"

#include <algorithm>
#include <map>
#include <utility>

namespace simulation {
namespace {

using base::text;
using restore::ItemResult;
using restore::OnConflict;

constexpr int kFaultyAttempts = 3;
constexpr std::size_t kMostTold = 12;

std::string name_of(OnConflict on_conflict) {
  if (on_conflict == OnConflict::copy) return "copy";
  return on_conflict == OnConflict::skip ? "skip" : "replace";
}

void require_none(const std::string& what, const std::vector<std::string>& differences) {
  if (differences.empty()) return;
  std::string told = what;
  for (std::size_t i = 0; i < std::min(differences.size(), kMostTold); ++i) {
    told += "\n    " + differences[i];
  }
  throw Difference{told};
}

// Where each selected item goes, by folder path.
std::map<ItemPlace, std::string> paths_of(const RestoreOrder& order) {
  const Listing& point = order.point->listing;
  std::optional<std::set<std::string>> selected;
  if (!order.folder.empty()) selected = point.subtree(order.folder);
  const std::string above = selected ? point.path_of(point.folders.at(order.folder).parent_id) : "";
  std::map<ItemPlace, std::string> paths;
  for (const auto& [place, item] : point.items) {
    if (selected && !selected->contains(place.first)) continue;
    if (!order.items.empty() && !order.items.contains(place.second)) continue;
    std::string path = point.path_of(place.first);
    if (!order.into.empty()) {
      if (!above.empty()) path = path.substr(above.size() + 1);
      const std::string top = catalog::join_path(order.into);
      path = path.empty() ? top : text(top, "/", path);
    }
    paths.emplace(place, std::move(path));
  }
  return paths;
}

}  // namespace

LifeRestore::LifeRestore(LifeWorld& world, Dice& dice, const RestoreOrder& order)
    : world_(world), dice_(dice), order_(order) {
  known_.on_conflict = order.on_conflict;
  known_.by_key = order.rewritten;
  known_.before = world.contents(order.target);
  known_.point = order.point->listing;
  known_.paths = paths_of(order);
  if (world.plan().form == graph::ApiForm::items) return;
  // Of an empty folder nothing shows.
  const std::string empty = world.hashes().of_empty_folder();
  std::erase_if(known_.paths, [&](const auto& path) {
    return known_.point.items.at(path.first).sha256 == empty;
  });
}

std::string LifeRestore::told() const {
  return text("restore of ", order_.point->snapshot.address, " ", order_.point->snapshot.id, " to ",
              order_.target, " '", catalog::join_path(order_.into), "', ",
              name_of(order_.on_conflict), order_.rewritten ? ", rewritten" : "",
              order_.folder.empty() ? "" : ", one folder",
              order_.items.empty() ? "" : ", some items",
              order_.point->lacks_keys ? ", lacking search keys" : "");
}

bool LifeRestore::run(const std::function<std::string()>& weather) {
  world_.note(told());
  const std::string rewriting = order_.rewritten ? ",rewrite=0.5" : "";
  bool is_done = false;
  for (std::uint64_t left = dice_.below(kFaultyAttempts + 1); left > 0 && !is_done; --left) {
    const std::string rates = weather() + rewriting;
    world_.set_weather(rates);
    const Interruption interruption = draw_interruption();
    const bool is_full = dice_.one_in(10);
    world_.note(
        text("  attempt with ", rates, is_full ? ", the target full" : "", interruption.told()));
    set_full(is_full);
    is_done = attempt(interruption, false);
    set_full(false);
  }
  world_.set_weather(rewriting);
  if (!is_done) {
    // Whoever lost the answer to a folder's import waits for as long as its job may take.
    if (world_.plan().form == graph::ApiForm::folder_jobs) {
      world_.clock().advance(std::chrono::hours{7});
    }
    world_.note("  attempt without faults");
    is_done = attempt({}, true);
  }
  require_none("a restore left something else than it should",
               differences_in_the_end(known_, world_.contents(order_.target), not_compared_));
  if (!is_done && not_compared_.empty()) throw Difference{"a restore without faults is not done"};
  return is_done;
}

void LifeRestore::set_full(bool is_full) {
  std::set<std::string>& full = world_.tenant().world()->full_mailboxes;
  const std::string mailbox = world_.mailbox_of(order_.target);
  if (is_full) {
    full.insert(mailbox);
  } else {
    full.erase(mailbox);
  }
}

Interruption LifeRestore::draw_interruption() {
  using Kind = Interruption::Kind;
  switch (dice_.below(6)) {
    case 0:
      return {Kind::stop, dice_.below(40)};
    case 1:
      return {Kind::kill_at_request, dice_.below(60)};
    case 2:
      return {Kind::kill_before_storing, dice_.below(40)};
    case 3:
      return {Kind::kill_after_storing, dice_.below(40)};
    default:
      return {};
  }
}

bool LifeRestore::attempt(const Interruption& interruption, bool is_calm) {
  report_.reset();
  lines_.clear();
  not_compared_.clear();
  restore::RestoreTarget target;
  target.mailbox = {order_.target};
  target.address = order_.target;
  target.same_mailbox = order_.target == order_.point->snapshot.mailbox_id;
  target.in_place = order_.into.empty();
  target.into = order_.into;
  restore::RestoreSettings settings;
  settings.on_conflict = order_.on_conflict;
  settings.lanes = world_.plan().side_by_side ? 3 : 1;
  restore::RestoreSelection selection;
  if (!order_.folder.empty()) selection.folders = {order_.folder};
  selection.items = order_.items;
  const bool survived = world_.run(interruption, [&](std::stop_token stop) {
    restore::RestoreProgress progress;
    report_ = restore::run_restore(
        {world_.engine().mailboxes(), world_.store(), world_.repository().journals(),
         world_.clock()},
        order_.point->snapshot, selection, target, settings,
        [&](const restore::ItemReport& line) { lines_.push_back(line); }, progress, stop);
  });
  const Contents now = world_.contents(order_.target);
  require_none("after an attempt there is something else than there should be",
               differences_after_attempt(known_, now));
  if (!report_) return !survived && was_done_by_the_dead(now);
  judge_report(*report_, is_calm);
  judge_lines(now);
  const auto& items = report_->items;
  return items.untried == 0 && items.failed == 0 && report_->unproven == 0 &&
         items.verified == items.restored + items.replaced && !report_->cancelled &&
         !report_->stopped_by;
}

// It died after its last step, and before it could say so: the same restore is a new one then. What
// is left of a journal without its first entry is none.
bool LifeRestore::was_done_by_the_dead(const Contents& now) const {
  const store::Journals journals = world_.repository().journals();
  const auto is_journal = [&](const std::string& name) {
    try {
      static_cast<void>(journals.open(name).hash_of(1));
      return true;
    } catch (const base::Error&) {
      return false;
    }
  };
  return std::ranges::none_of(journals.names_below("restore"), is_journal) &&
         differences_in_the_end(known_, now, {}).empty();
}

void LifeRestore::judge_report(const restore::RestoreReport& report, bool is_calm) {
  const auto& items = report.items;
  world_.note(text("  ", items.selected, " selected, ", items.restored, " restored, ",
                   items.replaced, " replaced, ", items.skipped, " skipped, ", items.failed,
                   " failed, ", items.untried, " untried, ", items.verified, " verified",
                   report.goes_on ? ", goes on" : "",
                   report.stopped_by ? text(", ended by: ", report.stopped_by->what()) : ""));
  std::set<std::string> told;
  for (const restore::RestoreProblem& problem : report.problems) {
    world_.note(text("  problem: '", problem.folder, "' ", problem.item, " ", problem.code, ": ",
                     problem.message));
    told.insert(problem.item);
    const bool may_be = problem.code == "NotCompared" && !world_.poisoned().empty();
    if (is_calm && !may_be) throw Difference{"a restore without faults has a problem"};
    if (may_be) not_compared_.insert(problem.item);
  }
  if (items.selected !=
      items.restored + items.replaced + items.skipped + items.failed + items.untried) {
    throw Difference{"the account of a restore is not closed"};
  }
  if (lines_.size() != items.selected) throw Difference{"not one line an item is told"};
  for (const restore::ItemReport& line : lines_) {
    if (line.result == ItemResult::failed &&
        (line.reason.empty() || !told.contains(line.item_id))) {
      throw Difference{text("item ", line.item_id, " failed without a reason")};
    }
  }
}

// What is told as being there is there.
void LifeRestore::judge_lines(const Contents& now) const {
  std::map<std::string, std::string> folder_of;  // by item
  for (const auto& [place, path] : known_.paths) folder_of[place.second] = place.first;
  Contents told;
  for (const restore::ItemReport& line : lines_) {
    const bool is_there = line.result == ItemResult::restored ||
                          line.result == ItemResult::replaced || line.result == ItemResult::skipped;
    const auto folder = folder_of.find(line.item_id);
    if (!is_there || folder == folder_of.end()) continue;
    const ItemPlace place{folder->second, line.item_id};
    const ListedItem& item = known_.point.items.at(place);
    Piece piece{item.search_keys.empty() ? "" : item.search_keys.front(), item.sha256};
    if (known_.by_key) piece.sha256.clear();
    if (!known_.by_key) piece.search_key.clear();
    told[known_.paths.at(place)].insert(std::move(piece));
  }
  for (const auto& [path, pieces] : told) {
    std::multiset<Piece> there;
    if (const auto found = now.find(path); found != now.end()) {
      for (const Piece& piece : found->second) {
        there.insert(known_.by_key ? Piece{piece.search_key, ""} : Piece{"", piece.sha256});
      }
    }
    for (const Piece& piece : pieces) {
      if (there.count(piece) < pieces.count(piece)) {
        throw Difference{
            text("told as restored, but not in '", path, "': ", piece.search_key, piece.sha256)};
      }
    }
  }
}

}  // namespace simulation

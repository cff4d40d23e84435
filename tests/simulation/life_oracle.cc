#include "tests/simulation/life_oracle.h"

#include "src/base/text.h"

#include <algorithm>

namespace simulation {
namespace {

using base::text;

bool same(const ListedItem* left, const ListedItem* right) {
  if (left == nullptr || right == nullptr) return left == right;
  return left->is_version_of(*right);
}

std::string shown(const ListedItem* item) {
  if (item == nullptr) return "nothing";
  return text(item->sha256.substr(0, 8), " '", item->subject.substr(0, 40), "'");
}

class SnapshotJudge {
 public:
  SnapshotJudge(const KnownRun& run, const store::Snapshot& snapshot, const Listing& stored,
                const backup::MailboxReport* report)
      : run_(run), snapshot_(snapshot), stored_(stored), report_(report) {}

  std::vector<std::string> judge() {
    if (report_ != nullptr) read_report();
    judge_folders();
    for (const ItemPlace& place : all_places()) judge_item(place);
    for (const auto& [id, count] : named_) {
      if (!used_.contains(id)) tell(text("item ", id, " is named as failed, and is stored"));
      if (count > 1) tell(text("item ", id, " is named ", count, " times"));
    }
    if (snapshot_.complete && !named_.empty()) tell("complete, although items are named as failed");
    if (report_ != nullptr) judge_account();
    return std::move(differences_);
  }

 private:
  void tell(std::string what) { differences_.push_back(std::move(what)); }

  void read_report() {
    for (const backup::Problem& problem : report_->problems) {
      if (!problem.item.empty()) {
        ++named_[problem.item];
        continue;
      }
      if (!run_.any_fault && !run_.cut_short) {
        tell(text("without a fault there is a problem: ", problem.code, " ", problem.message));
      }
      // An item without its subject is an item.
      if (problem.message.starts_with("subjects, senders and dates")) continue;
      if (problem.folder.empty()) {
        whole_mailbox_ = true;
      } else {
        named_folders_.insert(problem.folder);
      }
    }
    if (!snapshot_.complete && report_->problems.empty() && !run_.cut_short) {
      tell("partial, and no problem says why");
    }
  }

  void judge_folders() {
    std::set<std::string> ids;
    for (const auto& [id, folder] : stored_.folders) ids.insert(id);
    for (const Listing& moment : run_.moments) {
      for (const auto& [id, folder] : moment.folders) ids.insert(id);
    }
    for (const std::string& id : ids) judge_folder(id);
  }

  void judge_folder(const std::string& id) {
    const auto find = [&](const Listing& listing) -> const ListedFolder* {
      const auto found = listing.folders.find(id);
      return found == listing.folders.end() ? nullptr : &found->second;
    };
    const auto is_as_in = [&](const Listing& listing) {
      const ListedFolder* there = find(listing);
      const ListedFolder* here = find(stored_);
      return here == nullptr || there == nullptr ? here == there : *here == *there;
    };
    if (std::ranges::any_of(run_.moments, is_as_in)) return;
    const bool is_late = run_.late.contains("");
    if ((is_late || is_excused(id)) && is_as_in(run_.base)) return;
    tell(text("folder '", run_.now().path_of(id), "' / '", stored_.path_of(id), "' (", id,
              ") is not as it was"));
  }

  // For what is still as in the restore point before.
  [[nodiscard]] bool is_excused(const std::string& folder_id) const {
    if (snapshot_.complete) return false;
    if (run_.cut_short || whole_mailbox_) return true;
    return std::ranges::any_of(
               run_.moments, [&](const Listing& moment) { return is_named(moment, folder_id); }) ||
           is_named(stored_, folder_id);
  }

  [[nodiscard]] bool is_named(const Listing& listing, const std::string& folder_id) const {
    return listing.folders.contains(folder_id) &&
           named_folders_.contains(listing.path_of(folder_id));
  }

  [[nodiscard]] std::set<ItemPlace> all_places() const {
    std::set<ItemPlace> places;
    const auto add = [&](const Listing& listing) {
      for (const auto& [place, item] : listing.items) places.insert(place);
    };
    add(run_.base);
    add(stored_);
    for (const Listing& moment : run_.moments) add(moment);
    return places;
  }

  void judge_item(const ItemPlace& place) {
    const ListedItem* stored = stored_.find(place);
    const bool is_named = named_.contains(place.second);
    const auto is_as_in = [&](const Listing& listing) { return same(stored, listing.find(place)); };
    if (std::ranges::any_of(run_.moments, is_as_in)) {
      // Nobody knows before its export whether a folder's stream has changed.
      const bool tells_no_version = run_.form == graph::ApiForm::folder_jobs && may_fail(place);
      if (is_named && (changed_meanwhile(place) || tells_no_version)) used_.insert(place.second);
      return judge_display(place);
    }
    if (is_named && is_as_in(run_.base)) {
      used_.insert(place.second);
      if (!may_fail(place)) {
        tell(text("item ", place.second, " in '", run_.now().path_of(place.first),
                  "' failed without a reason"));
      }
      return;
    }
    const bool is_late = run_.late.contains(place.first) || run_.late.contains("");
    if ((is_late || is_excused(place.first)) && is_as_in(run_.base)) return;
    tell(text("item ", place.second, " in '", run_.now().path_of(place.first), "' is ",
              shown(stored), " instead of ", shown(run_.now().find(place)), ", before it was ",
              shown(run_.base.find(place))));
  }

  [[nodiscard]] bool changed_meanwhile(const ItemPlace& place) const {
    return std::ranges::any_of(run_.moments, [&](const Listing& moment) {
      return !same(moment.find(place), run_.now().find(place));
    });
  }

  [[nodiscard]] bool may_fail(const ItemPlace& place) const {
    if (run_.struck.contains(place.second)) return true;
    return std::ranges::any_of(run_.moments, [&](const Listing& moment) {
      const ListedItem* item = moment.find(place);
      return item != nullptr && std::ranges::any_of(item->search_keys, [&](const auto& key) {
               return run_.poisoned.contains(key);
             });
    });
  }

  // Metadata may be missing after faults, but is never that of something else.
  void judge_display(const ItemPlace& place) {
    const ListedItem* stored = stored_.find(place);
    const ListedItem* there = run_.now().find(place);
    if (stored == nullptr || !same(stored, there)) return;
    const bool is_there = !stored->search_keys.empty();
    if (is_there &&
        (stored->search_keys != there->search_keys || stored->subject != there->subject)) {
      tell(text("item ", place.second, " has the metadata of '", stored->subject, "'"));
    }
  }

  void judge_account() {
    const store::ItemCounts& items = report_->items;
    if (items.listed != items.stored + items.unchanged + items.skipped + items.failed) {
      tell("the account is not closed");
    }
    if (snapshot_.items != stored_.items.size()) tell("the number of items is another one");
    if (!snapshot_.complete || run_.moments.size() > 1 || !run_.late.empty()) return;
    if (items.listed != run_.now().items.size()) {
      tell(text(items.listed, " items are listed of ", run_.now().items.size()));
    }
    if (run_.form != graph::ApiForm::items) return;
    std::uint64_t changed = 0;
    for (const auto& [place, item] : run_.now().items) {
      if (!same(&item, run_.base.find(place))) ++changed;
    }
    if (items.stored != changed) {
      tell(text(items.stored, " items are stored, and ", changed, " are new or changed"));
    }
  }

  const KnownRun& run_;
  const store::Snapshot& snapshot_;
  const Listing& stored_;
  const backup::MailboxReport* report_;
  std::map<std::string, std::size_t> named_;  // items, and how often
  std::set<std::string> used_;                // of them, those that are not as they should be
  std::set<std::string> named_folders_;       // paths
  bool whole_mailbox_ = false;                // a problem is of all of it
  std::vector<std::string> differences_;
};

// How often each thing is there, by folder path and what tells it apart.
using Counts = std::map<std::pair<std::string, std::string>, std::uint64_t>;
enum class By : std::uint8_t { bytes, key };

Counts counts_of(const Contents& contents, By by) {
  Counts counts;
  for (const auto& [path, pieces] : contents) {
    for (const Piece& piece : pieces) {
      ++counts[{path, by == By::key ? piece.search_key : piece.sha256}];
    }
  }
  return counts;
}

// What is to lie there afterwards of what is restored.
Contents wanted(const KnownRestore& restore, const std::set<std::string>& failed) {
  Contents contents;
  for (const auto& [place, path] : restore.paths) {
    if (failed.contains(place.second)) continue;
    const ListedItem& item = restore.point.items.at(place);
    contents[path].insert({item.search_keys.empty() ? "" : item.search_keys.front(), item.sha256});
  }
  return contents;
}

By told_apart_by(const KnownRestore& restore) {
  const bool replaces = restore.on_conflict == restore::OnConflict::replace;
  return restore.by_key || replaces ? By::key : By::bytes;
}

struct Bounds {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

// What is there for each of them, before and in the end.
std::map<Counts::key_type, Bounds> bounds_of(const KnownRestore& restore, const Contents& want) {
  std::map<Counts::key_type, Bounds> bounds;
  for (const auto& [thing, count] : counts_of(restore.before, told_apart_by(restore))) {
    bounds[thing] = {count, count};
  }
  for (const auto& [thing, count] : counts_of(want, told_apart_by(restore))) {
    Bounds& both = bounds[thing];
    if (restore.on_conflict == restore::OnConflict::copy) {
      both.most = both.least + count;
    } else {
      both.most = std::max(both.least, count);
    }
  }
  return bounds;
}

std::string told(const Counts::key_type& thing, std::uint64_t count, const Bounds& bounds) {
  return text("in '", thing.first, "' ", thing.second.substr(0, 16), " is there ", count,
              " times, and ", bounds.least, " to ", bounds.most, " are right");
}

std::vector<std::string> out_of_bounds(std::map<Counts::key_type, Bounds> bounds,
                                       const Counts& counts) {
  std::vector<std::string> differences;
  for (const auto& [thing, count] : counts) bounds[thing];
  for (const auto& [thing, both] : bounds) {
    const auto found = counts.find(thing);
    const std::uint64_t count = found == counts.end() ? 0 : found->second;
    if (count < both.least || count > both.most) differences.push_back(told(thing, count, both));
  }
  return differences;
}

}  // namespace

std::vector<std::string> differences(const KnownRun& run, const store::Snapshot& snapshot,
                                     const Listing& stored, const backup::MailboxReport* report) {
  return SnapshotJudge{run, snapshot, stored, report}.judge();
}

std::vector<std::string> differences_after_attempt(const KnownRestore& restore,
                                                   const Contents& now) {
  return out_of_bounds(bounds_of(restore, wanted(restore, {})),
                       counts_of(now, told_apart_by(restore)));
}

std::vector<std::string> differences_in_the_end(const KnownRestore& restore, const Contents& now,
                                                const std::set<std::string>& failed) {
  const Contents want = wanted(restore, failed);
  std::map<Counts::key_type, Bounds> bounds = bounds_of(restore, want);
  for (auto& [thing, both] : bounds) both.least = both.most;
  std::vector<std::string> differences =
      out_of_bounds(std::move(bounds), counts_of(now, told_apart_by(restore)));
  if (restore.by_key || restore.on_conflict != restore::OnConflict::replace) return differences;
  // Every byte of what was restored is there, and nothing that came from nowhere.
  const Counts before = counts_of(restore.before, By::bytes);
  const Counts restored = counts_of(want, By::bytes);
  std::map<Counts::key_type, Bounds> of_bytes;
  for (const auto& [thing, count] : before) of_bytes[thing].most += count;
  for (const auto& [thing, count] : restored) {
    of_bytes[thing].least = count;
    of_bytes[thing].most += count;
  }
  for (std::string& each : out_of_bounds(std::move(of_bytes), counts_of(now, By::bytes))) {
    differences.push_back(std::move(each));
  }
  return differences;
}

}  // namespace simulation

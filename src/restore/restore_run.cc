#include "src/restore/restore_run.h"

#include "src/base/side_by_side.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "src/catalog/folder_paths.h"
#include "src/catalog/search.h"
#include "src/catalog/selection.h"
#include "src/restore/item_restore.h"
#include "src/restore/past_items.h"
#include "src/restore/plan.h"
#include "src/restore/restore_journal.h"
#include "src/restore/target_contents.h"
#include "src/restore/target_folders.h"
#include "store/fields.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <utility>

namespace restore {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

// Items compared, imported and read back together.
constexpr std::size_t kBatchItems = 2000;

// Told one by one at most; a large target that refuses everything has as many as items.
constexpr std::size_t kProblems = 1000;

// What is held of every item of a folder, to put them in order.
struct ItemKey {
  std::optional<base::Instant> time;
  std::string id;
  std::string change_key;
  std::string search_key;
};

// A target folder while it is worked on.
struct TargetFolderNow {
  TargetContents contents;
  FoundPast past{};
};

// The same for a restore and for that restore begun again, and for no other.
base::Sha256 intent_of(const store::Snapshot& point, const RestoreSelection& selection,
                       const RestoreTarget& target, const RestoreSettings& settings) {
  store::FieldWriter fields;
  const auto put = [&](const auto& texts) {
    fields.number(texts.size());
    for (const std::string& text : texts) fields.text(text);
  };
  for (const std::string* text :
       {&point.tenant.name, &point.mailbox_id, &point.id, &target.mailbox.value}) {
    fields.text(*text);
  }
  fields.octet(target.in_place ? 1 : 0);
  fields.octet(static_cast<std::uint8_t>(settings.on_conflict));
  put(target.into);
  put(std::set<std::string>{selection.folders.begin(), selection.folders.end()});
  put(selection.items);
  return base::sha256(fields.bytes());
}

std::string remedy_of(const std::string& refusal_code) {
  if (refusal_code == "corrupt") return "run a check of the store";
  if (refusal_code == "FolderNotEmpty" || refusal_code == "CannotReplace") {
    return "restore it into another folder, with --into";
  }
  return "run the restore again with skip";
}

class RestoreRun {
 public:
  RestoreRun(const Collaborators& with, const store::Snapshot& point,
             const RestoreSelection& selection, const RestoreTarget& target,
             const RestoreSettings& settings, const std::function<void(const ItemReport&)>& on_item,
             RestoreProgress& progress, std::stop_token stop)
      : journal_(with.journals, intent_of(point, selection, target, settings), with.clock.now()),
        context_{with, settings, progress, journal_, std::move(stop)},
        point_(point),
        selection_(selection),
        target_(target),
        on_item_(on_item),
        reader_(with.store.open_snapshot(point)),
        paths_(reader_->folders()) {}

  RestoreReport run() {
    report_.lock()->goes_on = journal_.goes_on();
    const catalog::Selected selected =
        catalog::select(*reader_, paths_, selection_.folders, selection_.items);
    const catalog::SelectedSize size = catalog::size_of(*reader_, selected);
    report_.lock()->items.selected = size.items;
    context_.progress.items_total += size.items;
    context_.progress.bytes_total += size.bytes;
    const Plan plan = make_plan(paths_, selected, target_);
    resolve_folders(plan);
    const std::vector<std::vector<std::size_t>> together = by_target_folder();
    base::run_side_by_side(together.size(), context_.settings.lanes, [&](std::size_t place) {
      try {
        restore_into_one(plan, together[place]);
      } catch (const Error& error) {
        end(error);  // the others, too
        throw;
      }
    });
    return finish();
  }

 private:
  void restore_into_one(const Plan& plan, const std::vector<std::size_t>& folders) {
    std::optional<TargetFolderNow> now;
    for (const std::size_t i : folders) {
      for (const catalog::SelectedFolder& source : plan.folders[i].sources) {
        restore_folder(source, plan.folders[i], resolved_[i], now);
      }
    }
  }

  void resolve_folders(const Plan& plan) {
    try {
      TargetFolders folders{context_.with.service, target_.mailbox, context_.stop};
      // Folders are counted also if one of them ends the restore.
      struct CountFolders {
        base::Synchronized<RestoreReport>& report;
        const TargetFolders& folders;
        ~CountFolders() { report.lock()->folders = {folders.created(), folders.reused()}; }
      } count{report_, folders};
      resolved_ = folders.resolve(plan, context_.settings.dry_run);
    } catch (const Error& error) {
      end(error);
      resolved_.resize(plan.folders.size());
    }
  }

  // Places in the plan. Those that share a folder of the target come one after the other.
  [[nodiscard]] std::vector<std::vector<std::size_t>> by_target_folder() const {
    std::vector<std::vector<std::size_t>> together;
    std::map<std::string, std::size_t> known;
    for (std::size_t i = 0; i < resolved_.size(); ++i) {
      const std::string& id = resolved_[i].id;
      const auto [place, is_new] = known.try_emplace(id, together.size());
      if (is_new || id.empty()) {
        together.push_back({i});
      } else {
        together[place->second].push_back(i);
      }
    }
    return together;
  }

  // `now`: the target folder, once it was looked at.
  void restore_folder(const catalog::SelectedFolder& source, const TargetFolder& planned,
                      const ResolvedFolder& folder, std::optional<TargetFolderNow>& now) {
    const std::string shown = folder.path.empty() ? catalog::join_path(planned.names) : folder.path;
    const std::vector<ItemKey> keys = newest_first(source);
    if (keys.empty()) return;
    const bool is_ready = !has_ended() && !folder.failure && look_into(folder, source, keys, now);
    for (std::size_t first = 0; first < keys.size(); first += kBatchItems) {
      std::vector<RestoreItem> items = load(
          source.id, std::span{keys}.subspan(first, std::min(kBatchItems, keys.size() - first)));
      if (folder.failure) {
        for (RestoreItem& item : items) refuse_for(item, *folder.failure);
      } else if (is_ready && !has_ended()) {
        restore_batch(items, folder, *now, shown);
      }
      for (const RestoreItem& item : items) tell(item, source, shown);
    }
  }

  // Empty times go last.
  std::vector<ItemKey> newest_first(const catalog::SelectedFolder& source) const {
    std::vector<ItemKey> keys;
    reader_->displayed_items(
        source.id, [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
          if (source.whole || source.items.contains(item.id)) {
            keys.push_back(
                {catalog::time_of(item, display), item.id, item.change_key, display.search_key});
          }
          return true;
        });
    std::sort(keys.begin(), keys.end(), [](const ItemKey& left, const ItemKey& right) {
      return std::tie(right.time, left.id) < std::tie(left.time, right.id);
    });
    return keys;
  }

  // False, and the restore ended, if the target cannot be listed.
  bool look_into(const ResolvedFolder& folder, const catalog::SelectedFolder& source,
                 const std::vector<ItemKey>& keys, std::optional<TargetFolderNow>& now) {
    try {
      if (!now) now.emplace(TargetFolderNow{TargetContents{list(folder)}});
      if (target_.same_mailbox) claim_unchanged(keys, now->contents);
      find_made_before(folder, source, keys, *now);
    } catch (const Error& error) {
      end(error);
      return false;
    }
    return true;
  }

  // What never changed answers for itself, before something merely alike is taken for it.
  static void claim_unchanged(const std::vector<ItemKey>& keys, TargetContents& contents) {
    for (const ItemKey& key : keys) {
      const TargetItem* there = contents.find(key.id);
      if (there != nullptr && there->change_key == key.change_key) contents.claim(key.id, key.id);
    }
  }

  TargetItems list(const ResolvedFolder& folder) {
    // Also one made just now: it may have been there, unlisted by a feed that runs behind.
    if (folder.id.empty()) return {};
    return list_items(context_.with.service, target_.mailbox, folder.id, {}, context_.stop);
  }

  // A listing may run a moment behind what was sent just before the restore was cut off: one more
  // look for what it lacks.
  void find_made_before(const ResolvedFolder& folder, const catalog::SelectedFolder& source,
                        const std::vector<ItemKey>& keys, TargetFolderNow& now) {
    if (folder.id.empty()) return;
    const FolderPast past = journal_.past_of(folder.id);
    if (past.empty()) return;
    std::vector<PastSource> unknown;
    for (const ItemKey& key : keys) {
      const auto item = past.find(key.id);
      if (item == past.end() || !item->second.target_id.empty()) continue;
      unknown.push_back({load(source.id, key), key.search_key});
    }
    FoundPast found = look_for(past, unknown, now.contents);
    if (found.missing > 0) {
      context_.with.clock.sleep_for(kSettleTime, context_.stop);
      now.contents.relist(list(folder));
      found = look_for(past, unknown, now.contents);
    }
    now.past.target_ids.merge(found.target_ids);
    now.past.unread.merge(found.unread);
  }

  FoundPast look_for(const FolderPast& past, const std::vector<PastSource>& unknown,
                     TargetContents& contents) {
    return find_past(past, unknown, contents, [&](const std::set<std::string>& ids) {
      std::vector<graph::ExportRequest> units;
      for (const std::string& id : ids) units.push_back({id, contents.find(id)->size_bytes});
      return hash_exports(context_.with.service, target_.mailbox, units, context_.settings.lanes,
                          context_.stop);
    });
  }

  std::vector<RestoreItem> load(const std::string& folder_id, std::span<const ItemKey> keys) const {
    std::vector<RestoreItem> items;
    items.reserve(keys.size());
    for (const ItemKey& key : keys) {
      RestoreItem item;
      item.entry = load(folder_id, key);
      item.search_key = key.search_key;
      items.push_back(std::move(item));
    }
    return items;
  }

  store::ItemEntry load(const std::string& folder_id, const ItemKey& key) const {
    std::optional<store::ItemEntry> entry = reader_->find(folder_id, key.id);
    if (entry) return std::move(*entry);
    throw Error{ErrorKind::corrupt, text("item ", key.id, " is missing in the restore point")};
  }

  void restore_batch(std::vector<RestoreItem>& items, const ResolvedFolder& folder,
                     TargetFolderNow& now, const std::string& shown) {
    const Destination to{target_.mailbox, folder.id, now.contents, target_.same_mailbox, now.past};
    BatchRestore batch{context_, to};
    try {
      batch.compare(items);
    } catch (const Error& error) {
      return end(error);
    }
    if (context_.settings.dry_run) return;
    if (const auto ended_by = batch.import_all(items)) end(*ended_by);
    try {
      batch.read_back(items);
    } catch (const Error& error) {
      report_.lock()->problems.push_back(
          {target_.address, shown, "", "NotReadBack",
           text("what was restored could not be read back: ", error.what()),
           "run the same restore again: it looks for what it made"});
    }
  }

  static void refuse_for(RestoreItem& item, const Error& error) {
    item.state = RestoreItem::State::refused;
    item.refusal_code = base::name(error.kind());
    item.refusal = error.what();
  }

  // The line of one item, and its place in the sums.
  void tell(const RestoreItem& item, const catalog::SelectedFolder& source,
            const std::string& shown) {
    ItemReport line;
    line.item_id = item.entry.id;
    line.source_folder = paths_.path(source.id);
    line.target_folder = shown;
    line.item_class = item.entry.item_class;
    line.bytes = item.entry.content.size_bytes;
    line.reason = item.verdict.reason;
    if (item.verdict.kind == Verdict::Kind::skip) line.action = ItemAction::skip;
    if (item.verdict.kind == Verdict::Kind::replace) line.action = ItemAction::replace;
    auto report = report_.lock();
    if (!context_.settings.dry_run || item.state == RestoreItem::State::refused) {
      conclude(item, line, *report);
    }
    on_item_(line);
    if (line.result == ItemResult::planned && !context_.settings.dry_run) return;
    ++context_.progress.items_done;
    context_.progress.bytes_done += line.bytes;
  }

  void conclude(const RestoreItem& item, ItemReport& line, RestoreReport& report) {
    if (item.verdict.kind == Verdict::Kind::skip) {
      line.result = ItemResult::skipped;
      ++report.items.skipped;
      line.target_item_id = item.imported.item_id;
      if (item.seen == RestoreItem::Seen::otherwise) {
        ++report.unproven;
        add_problem(report, line, "NotVerified",
                    "restored before this restore was cut off, but the target does not show it as "
                    "it should be",
                    "look for it in the target");
      }
    } else if (item.verdict.kind == Verdict::Kind::undecided) {
      fail(report, line, "NotCompared", item.verdict.reason,
           "restore it beside what is there, with --item and --on-conflict copy");
    } else if (item.state == RestoreItem::State::refused) {
      fail(report, line, item.refusal_code, item.refusal, remedy_of(item.refusal_code));
    } else if (item.state == RestoreItem::State::imported) {
      const bool replaced = item.verdict.kind == Verdict::Kind::replace;
      line.result = replaced ? ItemResult::replaced : ItemResult::restored;
      ++(replaced ? report.items.replaced : report.items.restored);
      line.target_item_id = item.imported.item_id;
      line.verified = item.seen == RestoreItem::Seen::as_it_should_be;
      report.bytes_sent += line.bytes;
      if (line.verified) ++report.items.verified;
      // What nobody looked at is told once for all of them.
      if (item.seen == RestoreItem::Seen::otherwise) {
        add_problem(report, line, "NotVerified",
                    "restored, but the target does not show it as it should be",
                    "look for it in the target");
      }
    } else {
      line.reason = "not tried";
      ++report.items.untried;
    }
  }

  void fail(RestoreReport& report, ItemReport& line, const std::string& code,
            const std::string& message, const std::string& next) {
    line.result = ItemResult::failed;
    line.reason = message;
    ++report.items.failed;
    add_problem(report, line, code, message, next);
  }

  void add_problem(RestoreReport& report, const ItemReport& line, const std::string& code,
                   const std::string& message, const std::string& next) {
    if (report.problems.size() < kProblems) {
      report.problems.push_back(
          {target_.address, line.target_folder, line.item_id, code, message, next});
    } else if (report.problems.size() == kProblems) {
      report.problems.push_back({target_.address, "", "", "TooManyProblems",
                                 "there are more problems than are listed; the counts are whole",
                                 next});
    }
  }

  [[nodiscard]] bool has_ended() const {
    return context_.stop.stop_requested() || report_.lock()->stopped_by;
  }

  void end(const Error& error) {
    auto report = report_.lock();
    if (error.kind() == ErrorKind::cancelled) {
      report->cancelled = true;
    } else if (!report->stopped_by) {
      report->stopped_by = error;
    }
  }

  RestoreReport finish() {
    RestoreReport report = std::move(*report_.lock());
    report.cancelled |= context_.stop.stop_requested();
    const auto& items = report.items;
    const std::uint64_t missing = items.untried + items.failed;
    if (report.stopped_by && missing > 0) {
      report.stopped_by->add_context(
          text(missing, " of ", items.selected, " items were not restored"));
    }
    if (items.untried > 0) {
      report.problems.push_back(
          {target_.address, "", "", "NotTried",
           text(items.untried, " items were not tried: the restore ended"),
           text("run the same restore again, with --at ", point_.id, ": it goes on where it was")});
    }
    const bool is_done =
        missing == 0 && report.unproven == 0 && items.verified == items.restored + items.replaced;
    if (is_done && !report.cancelled && !report.stopped_by && !context_.settings.dry_run) {
      journal_.finish();
    }
    return report;
  }

  RestoreJournal journal_;
  BatchRestore::Context context_;
  const store::Snapshot& point_;
  const RestoreSelection& selection_;
  const RestoreTarget& target_;
  const std::function<void(const ItemReport&)>& on_item_;
  std::unique_ptr<store::SnapshotReader> reader_;
  catalog::FolderPaths paths_;
  std::vector<ResolvedFolder> resolved_;
  base::Synchronized<RestoreReport> report_;
};

}  // namespace

RestoreReport run_restore(const Collaborators& with, const store::Snapshot& point,
                          const RestoreSelection& selection, const RestoreTarget& target,
                          const RestoreSettings& settings,
                          const std::function<void(const ItemReport&)>& on_item,
                          RestoreProgress& progress, std::stop_token stop) {
  return RestoreRun{with, point, selection, target, settings, on_item, progress, std::move(stop)}
      .run();
}

}  // namespace restore

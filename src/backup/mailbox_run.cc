#include "src/backup/mailbox_run.h"

#include "src/backup/accounting.h"
#include "src/backup/problem.h"
#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/side_by_side.h"
#include "src/base/text.h"

#include <algorithm>
#include <deque>
#include <future>
#include <utility>
#include <variant>

namespace backup {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

// Change sets of several folders are held at once, so that lanes never run dry between small
// folders.
constexpr std::uint64_t kHeldItems = 20'000;
// A feed that is refused so often in a row is not going to answer in this run.
constexpr int kRoundAttempts = 3;
// Folders that may fail for want of the service before the mailbox is left for the next run.
constexpr std::uint64_t kUnavailableFolders = 3;
constexpr std::size_t kProblems = 1000;

bool lists_all(const RunSettings& settings, const Mailbox& mailbox, const MailboxNotes& notes,
               base::Instant now) {
  if (settings.full) return true;
  if (notes.listed_whole == base::Instant{}) return false;  // no feed to go by yet
  const auto share =
      std::to_integer<int>(base::sha256(base::as_bytes(mailbox.id.value)).bytes.front());
  const base::Duration earlier = settings.trust_feeds_for / 4 * share / 256;
  return now - notes.listed_whole >= settings.trust_feeds_for - earlier;
}

// The path that people see, from what the engine knows of the folders.
std::unique_ptr<catalog::FolderPaths> paths_of(const FolderMap& folders) {
  std::vector<store::FolderEntry> entries;
  for (const auto& [id, entry] : entries_of(folders)) entries.push_back(entry);
  return std::make_unique<catalog::FolderPaths>(std::move(entries));
}

}  // namespace

struct MailboxRun::Round {
  ToldItems told;
  bool full = false;
  graph::Cursor next;
  std::optional<Drift> drift{};
};

// A folder that is listened to while those before it are looked through.
struct MailboxRun::Listening {
  std::unique_ptr<FolderWork> work;
  std::future<std::optional<Round>> round;  // last: ended before the work is gone
};

MailboxRun::MailboxRun(const Context& context, Trust trust)
    : context_(context),
      store_(context.with.repository.tenant(context.settings.tenant)),
      started_(context.with.clock.now()),
      base_(load_base(context.with.repository, context.settings.tenant, context.mailbox.id, trust)),
      lists_all_(lists_all(context.settings, context.mailbox, base_.notes, started_)),
      editor_(store_, base_.snapshot_or_null()),
      notes_(base_.notes),
      lanes_(context.with.service, store_, context.progress,
             {context.mailbox.id, context.settings.lanes_per_mailbox, context.on_safe_point},
             context.stop) {
  for (store::LostItem& item :
       context.with.repository.lost_items(context.settings.tenant, context.mailbox.id.value)) {
    lost_[item.folder_id].insert(std::move(item.item_id));
  }
  notes_.user_id = context.mailbox.user.id;
  notes_.purpose_seen = context.mailbox.purpose_seen;
  notes_.cursors_taken = started_;
  if (notes_.listed_whole == base::Instant{}) notes_.listed_whole = started_;
}

std::optional<store::PreparedSnapshot> MailboxRun::run(MailboxReport& report) {
  report_ = &report;
  update_folders();
  walk_folders();
  settle_folders();
  report_left_out();  // after what made the run end
  return finish();
}

void MailboxRun::update_folders() {
  graph::MailboxService& service = context_.with.service;
  std::optional<graph::Cursor> since;
  if (!lists_all_) since = base_.notes.folder_cursor;
  for (int attempt = 0; attempt < kRoundAttempts; ++attempt) {
    std::vector<graph::FolderChange> changes;
    const graph::Round end = service.folder_changes(
        context_.mailbox.id, since,
        [&](graph::FolderChange change) { changes.push_back(std::move(change)); }, context_.stop);
    const auto* complete = std::get_if<graph::RoundComplete>(&end);
    if (complete == nullptr) {
      since.reset();
      continue;
    }
    const bool full = complete->full || !since;
    const FolderMap known = answered_folders();
    UpdatedFolders updated = apply_changes(known, changes, full);
    if (updated.folders.empty()) {
      // Every mailbox has folders: an empty answer is a lost one, not a mailbox that was emptied.
      throw Error{ErrorKind::protocol, "the service lists no folders at all"};
    }
    folders_ = std::move(updated.folders);
    classify(updated.new_ids);
    return adopt_folders(std::move(folders_), complete->next);
  }
  throw Error{ErrorKind::protocol, "the change feed of the folders is refused again and again"};
}

// Those of the base, but for what stands there only because others lie in it: nobody has answered
// what it is.
FolderMap MailboxRun::answered_folders() const {
  const MailboxNotes& notes = base_.notes;
  FolderMap known =
      known_folders(base_.reader ? base_.reader->folders() : std::vector<store::FolderEntry>{},
                    notes.skipped_folders);
  if (notes.folders.empty()) return known;
  std::erase_if(known, [&](const auto& folder) {
    return !notes.folders.contains(folder.first) && !notes.skipped_folders.contains(folder.first);
  });
  return known;
}

// Change feeds do not tell whether a folder is a search folder; asked once, the answer stays in the
// notes.
void MailboxRun::classify(std::vector<std::string> new_ids) {
  std::erase_if(new_ids, [&](const std::string& id) {
    const graph::Folder& folder = folders_.at(id);
    return !folder.well_known_name.empty() || folder.parent_id.empty() || folder.is_search_folder;
  });
  if (new_ids.empty()) return;
  struct Answer {
    std::optional<graph::Folder> whole;
    std::optional<Error> error;
  };
  std::vector<Answer> answers(new_ids.size());
  base::run_side_by_side(new_ids.size(), context_.settings.lanes_per_mailbox, [&](std::size_t i) {
    try {
      answers[i].whole =
          context_.with.service.folder(context_.mailbox.id, new_ids[i], context_.stop);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable && error.kind() != ErrorKind::protocol) throw;
      answers[i].error = error;
    }
  });
  const auto paths = paths_of(folders_);
  for (std::size_t i = 0; i < new_ids.size(); ++i) {
    const auto& [whole, error] = answers[i];
    graph::Folder& folder = folders_.at(new_ids[i]);
    if (error) {
      // One folder that cannot be asked about waits for the next run; the others do not.
      add_problem(problem_of(report_->address, paths->path(new_ids[i]), *error));
      folders_failed_ = true;
      folders_untold_ = true;
      unanswered_.insert(new_ids[i]);
      continue;
    }
    if (!whole) {
      // It has gone again, as its own feed will say; or whoever answered does not know of it yet,
      // and it is asked about once more by the next run.
      folders_untold_ = true;
      continue;
    }
    folder.is_search_folder = whole->is_search_folder;
    folder.is_hidden = whole->is_hidden;
    if (folder.well_known_name.empty()) folder.well_known_name = whole->well_known_name;
  }
  // Without the folder that they lie in, others would lie elsewhere.
  std::set<std::string> parents;
  for (const auto& [id, folder] : folders_) parents.insert(folder.parent_id);
  for (const std::string& id : unanswered_) {
    if (!parents.contains(id)) folders_.erase(id);
  }
}

void MailboxRun::adopt_folders(FolderMap folders, graph::Cursor next) {
  folders_ = std::move(folders);
  if (folders_untold_) {
    notes_.folder_cursor.reset();  // so that they are told again
  } else {
    notes_.folder_cursor = std::move(next);
  }
  notes_.skipped_folders.clear();
  for (const auto& [id, folder] : folders_) {
    if (is_skipped_folder(folder)) notes_.skipped_folders.emplace(id, folder);
  }
  std::erase_if(notes_.folders, [&](const auto& noted) { return !is_kept(noted.first); });
  std::erase_if(notes_.retry, [&](const auto& noted) { return !is_kept(noted.first); });
  if (base_.reader) {
    for (const store::FolderEntry& folder : base_.reader->folders()) {
      if (!is_kept(folder.id)) departures_.insert(folder.id);
    }
  }
  paths_ = paths_of(folders_);
}

void MailboxRun::walk_folders() {
  std::vector<graph::Folder> order;
  if (const auto root = paths_->root()) order.push_back(folders_.at(*root));
  for (const store::FolderEntry* entry : paths_->ordered()) order.push_back(folders_.at(entry->id));
  std::erase_if(order, [&](const graph::Folder& folder) { return !is_kept(folder.id); });
  // A feed gives one page after the other: only several at once use what the service allows.
  std::deque<Listening> ahead;
  auto next = order.begin();
  while (!must_end() && (next != order.end() || !ahead.empty())) {
    while (next != order.end() && ahead.size() < context_.settings.lanes_per_mailbox) {
      ahead.push_back(begin_listening(*next++));
    }
    Listening first = std::move(ahead.front());
    ahead.pop_front();
    open_folder(std::move(first));
    if (held_items_ >= kHeldItems) {
      // What was heard already must not wait for hours of exports: items move meanwhile.
      for (; !ahead.empty(); ahead.pop_front()) open_folder(std::move(ahead.front()));
      settle_folders();
    }
    context_.on_safe_point();
  }
  folders_left_out_ = ahead.size() + static_cast<std::size_t>(order.end() - next);
}

void MailboxRun::report_left_out() {
  if (folders_left_out_ == 0) return;
  folders_failed_ = true;
  add_problem({report_->address, "", "", "NotTried",
               text(folders_left_out_, folders_left_out_ == 1 ? " folder" : " folders",
                    " not looked at before the run ended"),
               "a rerun goes on from there"});
}

MailboxRun::Listening MailboxRun::begin_listening(const graph::Folder& folder) {
  auto work = std::make_unique<FolderWork>();
  work->id = folder.id;
  work->path = paths_->path(folder.id);
  if (const auto noted = base_.notes.folders.find(folder.id); noted != base_.notes.folders.end()) {
    work->old_cursor = noted->second.cursor;
  }
  // Deferred: by whoever asks for the round, in order. So it is, too, if there are no more threads.
  auto how = std::launch::deferred;
  if (context_.settings.lanes_per_mailbox > 1) how |= std::launch::async;
  auto round = std::async(how, [this, heard = work.get()] { return listen(*heard); });
  return {std::move(work), std::move(round)};
}

void MailboxRun::open_folder(Listening listening) {
  std::unique_ptr<FolderWork>& work = listening.work;
  std::optional<Round> round;
  try {
    round = listening.round.get();
  } catch (const Error& error) {
    return folder_failed(*work, error);
  }
  if (!round) return folder_vanished(*work);
  if (round->drift) report_drift(*work, *round->drift);
  compare(*work, std::move(*round));
  held_items_ +=
      work->changed.waiting.size() + work->arrived.waiting.size() + work->changes.gone.size();
  work->changed.begin(lanes_, context_.progress);
  // Without a base nothing can have been moved: there is no reason to wait.
  if (!base_.reader) work->arrived.begin(lanes_, context_.progress);
  open_.push_back(std::move(work));
}

// Empty if the folder is gone.
std::optional<MailboxRun::Round> MailboxRun::listen(FolderWork& work) {
  graph::MailboxService& service = context_.with.service;
  std::optional<graph::Cursor> since;
  std::optional<Round> fed;
  if (!lists_all_) {
    since = work.old_cursor;
  } else if (work.old_cursor && base_.reader) {
    fed = ask_since(work, *work.old_cursor);
  }
  for (int attempt = 0; attempt < kRoundAttempts; ++attempt) {
    Round round;
    const graph::Round end = hear(work, since, round.told);
    if (const auto* complete = std::get_if<graph::RoundComplete>(&end)) {
      round.full = complete->full || !since;
      round.next = complete->next;
      if (fed) round.drift = look_for_drift(work, round, *fed);
      return round;
    }
    // "Gone" may speak of the feed only: a folder that is still there is listed anew.
    if (std::holds_alternative<graph::FeedGone>(end) &&
        !service.folder(context_.mailbox.id, work.id, context_.stop)) {
      return std::nullopt;
    }
    since.reset();
    work.old_cursor.reset();
  }
  throw Error{ErrorKind::protocol, "the change feed of the folder is refused again and again"};
}

graph::Round MailboxRun::hear(const FolderWork& work, const std::optional<graph::Cursor>& since,
                              ToldItems& told) {
  return context_.with.service.item_changes(
      context_.mailbox.id, work.id, since,
      [&](graph::ItemChange change) { told.tell(std::move(change)); }, context_.stop);
}

// Empty if the feed does not go on from there, or cannot be heard.
std::optional<MailboxRun::Round> MailboxRun::ask_since(const FolderWork& work,
                                                       const graph::Cursor& since) {
  Round round;
  try {
    const graph::Round end = hear(work, since, round.told);
    const auto* complete = std::get_if<graph::RoundComplete>(&end);
    if (complete == nullptr || complete->full) return std::nullopt;
    round.next = complete->next;
    return round;
  } catch (const Error& error) {
    // The listing heals what ails the feed.
    if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::denied) throw;
    base::log(base::LogLevel::info, "mailbox ", report_->address, ", folder ", work.path,
              ": drift is unknown: ", error.what());
    return std::nullopt;
  }
}

// Empty if the feed cannot say what happened meanwhile.
std::optional<Drift> MailboxRun::look_for_drift(const FolderWork& work, const Round& listed,
                                                const Round& fed) {
  const std::optional<Round> meanwhile = ask_since(work, fed.next);
  if (!meanwhile) return std::nullopt;
  return measure_drift(listed.told, fed.told, meanwhile->told, *base_.reader, work.id,
                       retry_items(work.id));
}

void MailboxRun::report_drift(const FolderWork& work, const Drift& drift) {
  add(report_->drift, drift);
  if (drift.items() == 0) return;
  base::log(base::LogLevel::warning, "mailbox ", report_->address, ", folder ", work.path,
            ": its change feed had not told of ", drift.missing, " new, ", drift.outdated,
            " changed and ", drift.remaining, " deleted items; the full listing did");
}

const RetryItems& MailboxRun::retry_items(const std::string& folder_id) const {
  static const RetryItems kNone;
  const auto noted = base_.notes.retry.find(folder_id);
  return noted == base_.notes.retry.end() ? kNone : noted->second;
}

void MailboxRun::compare(FolderWork& work, Round round) {
  const RetryItems& retry = retry_items(work.id);
  work.next = round.next;
  const LostItems& lost = lost_items(work.id);
  work.changes = round.full
                     ? compare_full(std::move(round.told), base_.reader.get(), work.id, retry, lost)
                     : compare_incremental(std::move(round.told), base_.reader.get(), work.id,
                                           stored_items(work.id), retry, lost);
  work.changed.waiting = std::move(work.changes.wanted);
  work.arrived.waiting = std::move(work.changes.arrived);
  if (!work.changes.gone.empty()) departures_.insert(work.id);
  context_.progress.items_listed += work.changes.listed;
  context_.progress.items_done += work.changes.unchanged;
}

const LostItems& MailboxRun::lost_items(const std::string& folder_id) const {
  static const LostItems kNone;
  const auto found = lost_.find(folder_id);
  return found == lost_.end() ? kNone : found->second;
}

void MailboxRun::folder_failed(const FolderWork& work, const Error& error) {
  folders_failed_ = true;
  const bool cancelled = error.kind() == ErrorKind::cancelled;
  if (!cancelled) {
    add_problem(problem_of(report_->address, work.path, error));
    // A cursor that was refused must not be asked for again.
    if (const auto noted = notes_.folders.find(work.id);
        noted != notes_.folders.end() && !work.old_cursor) {
      noted->second.cursor.reset();
    }
  }
  if (error.kind() == ErrorKind::unavailable) ++unavailable_folders_;
  if (cancelled || error.kind() == ErrorKind::denied || error.kind() == ErrorKind::not_found ||
      unavailable_folders_ >= kUnavailableFolders) {
    ended_by_ = error;
  }
}

void MailboxRun::folder_vanished(const FolderWork& work) {
  folders_.erase(work.id);
  notes_.folders.erase(work.id);
  notes_.retry.erase(work.id);
  departures_.insert(work.id);
  // The folder feed did not tell it: it is not to be relied on for this mailbox until it has told
  // everything again.
  notes_.folder_cursor.reset();
}

bool MailboxRun::is_kept(const std::string& folder_id) const {
  const auto known = folders_.find(folder_id);
  return known != folders_.end() && !is_skipped_folder(known->second) &&
         !unanswered_.contains(folder_id);
}

bool MailboxRun::must_end() const {
  return ended_by_ || context_.stop.stop_requested() || lanes_.failure();
}

void MailboxRun::end_early(const Error& error) {
  if (ended_by_) return;
  ended_by_ = error;
  if (error.kind() != ErrorKind::cancelled) {
    add_problem(problem_of(report_->address, "", error));
  }
}

void MailboxRun::add_problem(Problem problem) {
  if (report_->problems.size() < kProblems) {
    report_->problems.push_back(std::move(problem));
  } else if (report_->problems.size() == kProblems) {
    report_->problems.push_back({report_->address, "", "", "TooManyProblems",
                                 "there are more problems than are listed; the counts are whole",
                                 "retry next run"});
  }
}

std::uint64_t MailboxRun::stored_items(const std::string& folder_id) const {
  const auto noted = base_.notes.folders.find(folder_id);
  if (noted != base_.notes.folders.end()) return noted->second.items;
  std::uint64_t items = 0;
  if (base_.reader) {
    base_.reader->items_of_folder(folder_id, [&](const store::ItemEntry&) {
      ++items;
      return true;
    });
  }
  return items;
}

}  // namespace backup

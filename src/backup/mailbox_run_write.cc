#include "src/backup/accounting.h"
#include "src/backup/mailbox_run.h"
#include "src/backup/problem.h"
#include "src/base/random.h"
#include "src/base/text.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace backup {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

// Display metadata that the service does not give after so many runs is not asked for any more.
constexpr std::uint32_t kDetailsTries = 3;
// How long the service knows a cursor nobody says; a few days it does.
constexpr base::Duration kCursorsKept = std::chrono::hours{60};
// Two runs within the same instant still follow each other.
constexpr base::Duration kClockSlack = std::chrono::minutes{1};

store::ItemDisplay display_of(graph::ItemDetails details) {
  store::ItemDisplay display;
  display.subject = std::move(details.subject);
  display.sender_name = std::move(details.sender_name);
  display.sender_address = std::move(details.sender_address);
  display.received = details.received;
  display.sent = details.sent;
  display.search_key = std::move(details.search_key);
  display.has_attachments = details.has_attachments;
  return display;
}

}  // namespace

void MailboxRun::settle_folders() {
  if (base_.reader) {
    // All feeds have spoken: what left one folder and came to another was moved.
    for (const auto& work : open_) match_moves(*work);
    match_relocations();
    for (const auto& work : open_) work->arrived.begin(lanes_, context_.progress);
  }
  for (const auto& work : open_) write_folder(*work);
  open_.clear();
  held_items_ = 0;
}

void MailboxRun::match_moves(FolderWork& work) {
  if (departures_.empty()) return;
  std::erase_if(work.arrived.waiting, [&](const Wanted& arrived) {
    for (const std::string& from : departures_) {
      if (from == work.id || lost_items(from).contains(arrived.item.id)) continue;
      std::optional<store::ItemEntry> entry = base_.reader->find(from, arrived.item.id);
      if (!entry || entry->change_key != arrived.item.change_key) continue;
      entry->folder_id = work.id;
      work.moved.push_back({from, arrived.item.id, std::move(*entry)});
      ++context_.progress.items_done;
      return true;
    }
    return false;
  });
}

void MailboxRun::match_relocations() {
  if (departures_.empty()) return;
  Relocations relocations{*base_.reader};
  for (const auto& work : open_) {
    for (const Wanted& wanted : work->arrived.waiting) relocations.arrived(wanted.item);
  }
  if (!relocations.expects_any()) return;
  note_departures(relocations);
  for (const auto& work : open_) recognise(*work, relocations);
}

void MailboxRun::note_departures(Relocations& relocations) const {
  for (const auto& work : open_) {
    for (const std::string& id : work->changes.gone) {
      if (lost_items(work->id).contains(id)) continue;
      if (const auto entry = base_.reader->find(work->id, id)) relocations.left(*entry);
    }
  }
  for (const std::string& folder_id : departures_) {
    if (is_kept(folder_id)) continue;
    base_.reader->items_of_folder(folder_id, [&](const store::ItemEntry& entry) {
      if (!lost_items(folder_id).contains(entry.id)) relocations.left(entry);
      return true;
    });
  }
}

void MailboxRun::recognise(FolderWork& work, Relocations& relocations) {
  const auto is_candidate = [&](const graph::Item& item) {
    return item.id.size() <= kLongestIdBytes && relocations.resembles_any(item);
  };
  std::vector<std::string> asked;
  for (const Wanted& wanted : work.arrived.waiting) {
    if (is_candidate(wanted.item)) asked.push_back(wanted.item.id);
  }
  if (asked.empty()) return;
  std::map<std::string, std::pair<graph::Item, std::string>> told;  // with its search key
  try {
    context_.with.service.item_details(
        context_.mailbox.id, work.id, asked,
        [&](graph::Item item, graph::ItemDetails details) {
          if (!is_candidate(item)) return;
          std::string id = item.id;
          told.insert_or_assign(std::move(id),
                                std::pair{std::move(item), std::move(details.search_key)});
        },
        context_.stop);
  } catch (const Error&) {
    return;  // they are exported as new ones are, and what is wrong shows there
  }
  std::erase_if(work.arrived.waiting, [&](const Wanted& arrived) {
    const auto known = told.find(arrived.item.id);
    if (known == told.end()) return false;
    const auto& [item, search_key] = known->second;
    if (item.change_key != arrived.item.change_key) return false;
    std::optional<store::ItemEntry> entry = relocations.find(item, search_key);
    if (!entry) return false;
    Moved moved{std::exchange(entry->folder_id, work.id), std::exchange(entry->id, item.id), {}};
    moved.entry = *std::move(entry);
    work.moved.push_back(std::move(moved));
    ++context_.progress.items_done;
    return true;
  });
}

void MailboxRun::write_folder(FolderWork& work) {
  work.begin_account();
  for (const std::string& id : work.changes.gone) editor_.remove_item(work.id, id);
  write_moved(work);
  write_exported(work);
  for (const std::string& id : work.gone_at_export) editor_.remove_item(work.id, id);
  work.end_account(context_.stop.stop_requested());
  require_closed(work.counts, text("folder ", work.path));
  write_details(work);
  note_folder(work);
  report_folder(work);
  ++folders_settled_;
}

// Without display metadata, which comes later for all of the folder.
void MailboxRun::write_exported(FolderWork& work) {
  const auto write = [&](const Wanted& wanted, const ExportOutcome& outcome) {
    const std::optional<store::ItemEntry> entry = work.book(wanted, outcome);
    if (!entry) return;
    editor_.put_item(*entry, {});
    work.undisplayed.add(entry->id);
  };
  for (Exports* exports : {&work.changed, &work.arrived}) {
    while (exports->take(lanes_, write)) {
      const auto failure = lanes_.failure();
      if (failure && failure->by_store) throw failure->error;
    }
  }
  if (const auto failure = lanes_.failure()) end_early(failure->error);
}

void MailboxRun::write_moved(const FolderWork& work) {
  std::map<std::string, std::multimap<std::string, const store::ItemEntry*>> by_source;
  for (const Moved& moved : work.moved) {
    by_source[moved.from_folder_id].emplace(moved.from_id, &moved.entry);
  }
  for (auto& [source, entries] : by_source) {
    base_.reader->displayed_items(
        source,
        [&, &entries = entries](const store::ItemEntry& item, const store::ItemDisplay& display) {
          const auto [begin, end] = entries.equal_range(item.id);
          for (auto moved = begin; moved != end; ++moved) editor_.put_item(*moved->second, display);
          entries.erase(begin, end);
          return !entries.empty();
        });
    if (!entries.empty()) {
      throw Error{ErrorKind::corrupt,
                  text("item ", entries.begin()->first, " is missing in folder ", source,
                       " of the last restore point")};
    }
  }
}

// Missing details never fail an item: what the service does not give now is asked for again by the
// next run.
void MailboxRun::write_details(FolderWork& work) {
  const bool looked_for = add_lacking_details(work);
  if (work.undisplayed.empty()) return;
  std::exception_ptr of_store;
  const auto put = [&](const std::string& item_id, const store::ItemDisplay& display) {
    try {
      editor_.put_display(work.id, item_id, display);
    } catch (...) {
      of_store = std::current_exception();
      throw;
    }
  };
  try {
    context_.with.service.item_details(
        context_.mailbox.id, work.id, work.undisplayed.names(),
        [&](const graph::Item& item, graph::ItemDetails found) {
          const store::ItemDisplay display = display_of(std::move(found));
          // As good as no answer: the service may have refused the properties this once.
          if (display == store::ItemDisplay{} || !work.undisplayed.remove(item.id)) return;
          put(item.id, display);
        },
        context_.stop);
  } catch (const Error& error) {
    if (of_store) std::rethrow_exception(of_store);
    if (error.kind() != ErrorKind::cancelled) {
      Problem problem = problem_of(report_->address, work.path, error);
      problem.message =
          text("subjects, senders and dates of new items are missing: ", problem.message);
      add_problem(std::move(problem));
    }
  }
  std::uint32_t& tries = notes_.folders[work.id].details_tries;
  if (!work.undisplayed.empty() && !context_.stop.stop_requested()) {
    tries = std::min(tries + 1, kDetailsTries);
  } else if (work.undisplayed.empty() && looked_for) {
    tries = 0;
  }
}

// Adds items of the base whose display metadata an earlier run did not get, and that this run does
// not touch. False if nobody looked for them, for it is the wrong time, or was tried often enough.
bool MailboxRun::add_lacking_details(FolderWork& work) const {
  const auto noted = base_.notes.folders.find(work.id);
  if (!base_.reader || noted == base_.notes.folders.end()) return true;
  const std::uint32_t tries = noted->second.details_tries;
  if (tries == 0) return true;
  if (tries >= kDetailsTries || must_end()) return false;
  std::set<std::string_view> gone;
  for (const auto* ids : {&work.changes.gone, &work.gone_at_export}) {
    gone.insert(ids->begin(), ids->end());
  }
  base_.reader->displayed_items(
      work.id, [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
        if (display == store::ItemDisplay{} && !gone.contains(item.id)) {
          work.undisplayed.add(item.id);
        }
        return true;
      });
  return true;
}

void MailboxRun::note_folder(FolderWork& work) {
  FolderNotes& noted = notes_.folders[work.id];
  noted.items = work.items_after;
  if (work.finished) {
    noted.cursor = work.next;
  } else {
    noted.cursor = work.old_cursor;
  }
  if (work.retry.empty()) {
    notes_.retry.erase(work.id);
  } else {
    notes_.retry.insert_or_assign(work.id, std::move(work.retry));
  }
}

void MailboxRun::report_folder(const FolderWork& work) {
  add(report_->items, work.counts);
  report_->exported_bytes += work.exported_bytes;
  report_->new_bytes += work.new_bytes;
  report_->stored_bytes += work.stored_bytes;
  for (const FailedExport& failed : work.failures) {
    std::string message = base::printable(failed.error.message);
    if (failed.attempts > 1) message += text(" (in vain in ", failed.attempts, " runs)");
    if (failed.has_older_version) message += "; an older version of it stays in the restore point";
    add_problem({report_->address, work.path, failed.item_id, base::printable(failed.error.code),
                 std::move(message), "retry next run"});
  }
  if (work.untried > 0) {
    folders_failed_ = true;
    add_problem({report_->address, work.path, "", "NotTried",
                 text(work.untried, " items were not exported before the run ended"),
                 "a rerun goes on from there"});
  }
}

void MailboxRun::write_folder_map() {
  const std::map<std::string, store::FolderEntry> entries = entries_of(folders_);
  std::map<std::string, store::FolderEntry> stored;
  if (base_.reader) {
    for (store::FolderEntry& entry : base_.reader->folders()) {
      std::string id = entry.id;
      stored.insert_or_assign(std::move(id), std::move(entry));
    }
  }
  std::set<std::string> removed;
  for (const auto& [id, entry] : stored) {
    // A skipped folder that others lie in stays, but whatever was in it once does not.
    const bool may_hold_items = base_.notes.folders.empty() || base_.notes.folders.contains(id);
    if (is_kept(id) || (entries.contains(id) && !may_hold_items)) continue;
    editor_.remove_folder(id);
    removed.insert(id);
  }
  for (const auto& [id, entry] : entries) {
    const auto before = stored.find(id);
    if (before == stored.end() || before->second != entry || removed.contains(id)) {
      editor_.put_folder(entry);
    }
  }
}

// The cursors of a quiet mailbox are new each time and mean the same: those it has are kept, so
// that nothing is written, until they are so old that the service might forget them.
bool MailboxRun::is_quiet() const {
  return base_.snapshot && base_.snapshot->state && !editor_.has_begun() && !lists_all_ &&
         started_ >= base_.notes.cursors_taken &&
         started_ - base_.notes.cursors_taken < kCursorsKept &&
         same_but_for_cursors(notes_, base_.notes);
}

store::ContentRef MailboxRun::store_notes() {
  if (is_quiet()) return *base_.snapshot->state;
  const std::unique_ptr<store::ContentWriter> writer = store_.new_content();
  writer->append(encode(notes_));
  return writer->finish().ref;
}

std::optional<store::PreparedSnapshot> MailboxRun::finish() {
  const bool stopped = context_.stop.stop_requested();
  if (folders_settled_ == 0 && (ended_by_ || stopped)) {
    throw ended_by_ ? *ended_by_
                    : Error{ErrorKind::cancelled, "stopped before anything was stored"};
  }
  std::uint64_t accounted = 0;
  for (const auto& [id, folder] : folders_) {
    if (!is_kept(id)) continue;
    // Folders that this run did not reach keep what they have.
    const auto [noted, is_new] = notes_.folders.try_emplace(id);
    if (is_new) noted->second.items = stored_items(id);
    accounted += noted->second.items;
  }
  write_folder_map();
  const store::SnapshotWriter::Built built = editor_.finish();
  require_equal(built.items, accounted, "the mailbox");
  require_closed(report_->items, "the mailbox");

  store::PreparedSnapshot prepared;
  prepared.tenant = context_.settings.tenant;
  prepared.mailbox_id = context_.mailbox.id.value;
  prepared.address = context_.mailbox.address;
  prepared.display_name = context_.mailbox.user.display_name;
  prepared.purpose = graph::name(context_.mailbox.purpose);
  prepared.policy = context_.mailbox.policy;
  prepared.time = started_;
  if (base_.snapshot && base_.snapshot->time >= started_ &&
      base_.snapshot->time - started_ < kClockSlack) {
    prepared.time = base_.snapshot->time + base::Duration{1};
  }
  prepared.id = base::new_ulid(prepared.time);
  prepared.complete = !stopped && !ended_by_ && !folders_failed_ && report_->items.failed == 0;
  prepared.items = built.items;
  prepared.bytes = built.bytes;
  prepared.counts = report_->items;
  prepared.roots = built.roots;
  // A folder that fails each time is no reason to list all others every night.
  const bool tried_all = !stopped && !ended_by_ && folders_left_out_ == 0;
  if (lists_all_ && tried_all) notes_.listed_whole = started_;
  prepared.state = store_notes();
  report_->outcome = prepared.complete ? Outcome::complete : Outcome::partial;
  return prepared;
}

}  // namespace backup

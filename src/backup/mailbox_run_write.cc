#include "src/backup/accounting.h"
#include "src/backup/mailbox_run.h"
#include "src/backup/problem.h"
#include "src/base/random.h"
#include "src/base/text.h"

#include <algorithm>
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
    for (const auto& work : open_) {
      match_moves(*work);
      work->arrived.submit(lanes_, context_.progress);
    }
  }
  for (const auto& work : open_) write_folder(*work);
  open_.clear();
  held_items_ = 0;
}

void MailboxRun::match_moves(FolderWork& work) {
  if (departures_.empty()) return;
  std::erase_if(work.arrived.wanted, [&](const Wanted& arrived) {
    for (const std::string& from : departures_) {
      if (from == work.id || lost_items(from).contains(arrived.item.id)) continue;
      std::optional<store::ItemEntry> entry = base_.reader->find(from, arrived.item.id);
      if (!entry || entry->change_key != arrived.item.change_key) continue;
      entry->folder_id = work.id;
      work.moved.push_back({from, std::move(*entry)});
      ++context_.progress.items_done;
      return true;
    }
    return false;
  });
}

void MailboxRun::write_folder(FolderWork& work) {
  lanes_.wait(work.changed.job);
  lanes_.wait(work.arrived.job);
  if (const auto failure = lanes_.failure()) {
    if (failure->by_store) throw failure->error;
    end_early(failure->error);
  }
  const bool stopped = context_.stop.stop_requested();
  work.settle(stopped);
  require_closed(work.counts, text("folder ", work.path));
  for (const std::string& id : work.changes.gone) editor_.remove_item(work.id, id);
  for (const std::string& id : work.gone_at_export) editor_.remove_item(work.id, id);
  write_moved(work);
  write_exported(work);
  note_folder(work);
  report_folder(work);
  ++folders_settled_;
}

void MailboxRun::write_moved(const FolderWork& work) {
  std::map<std::string, std::map<std::string, const store::ItemEntry*>> by_source;
  for (const Moved& moved : work.moved)
    by_source[moved.from_folder_id][moved.entry.id] = &moved.entry;
  for (auto& [source, entries] : by_source) {
    base_.reader->displayed_items(
        source,
        [&, &entries = entries](const store::ItemEntry& item, const store::ItemDisplay& display) {
          if (const auto found = entries.find(item.id); found != entries.end()) {
            editor_.put_item(*found->second, display);
            entries.erase(found);
          }
          return !entries.empty();
        });
    if (!entries.empty()) {
      throw Error{ErrorKind::corrupt,
                  text("item ", entries.begin()->first, " is missing in folder ", source,
                       " of the last restore point")};
    }
  }
}

void MailboxRun::write_exported(FolderWork& work) {
  const std::optional<std::vector<store::ItemEntry>> looked_for = lacking_details(work);
  const std::vector<store::ItemEntry> none;
  const std::vector<store::ItemEntry>& lacking = looked_for ? *looked_for : none;
  std::vector<std::string> ids;
  for (const store::ItemEntry& entry : work.exported) ids.push_back(entry.id);
  for (const store::ItemEntry& entry : lacking) ids.push_back(entry.id);
  if (ids.empty()) return;
  const std::unordered_map<std::string, store::ItemDisplay> details = details_of(work, ids);
  const store::ItemDisplay unknown;
  bool some_missing = false;
  for (const store::ItemEntry& entry : work.exported) {
    const auto found = details.find(entry.id);
    some_missing |= found == details.end();
    editor_.put_item(entry, found == details.end() ? unknown : found->second);
  }
  for (const store::ItemEntry& entry : lacking) {
    const auto found = details.find(entry.id);
    some_missing |= found == details.end();
    if (found != details.end()) editor_.put_item(entry, found->second);
  }
  std::uint32_t& tries = notes_.folders[work.id].details_tries;
  if (some_missing && !context_.stop.stop_requested()) {
    tries = std::min(tries + 1, kDetailsTries);
  } else if (!some_missing && looked_for) {
    tries = 0;
  }
}

// Items of the base whose display metadata an earlier run did not get, and that this run does not
// touch; none if nobody looked for them, for it is the wrong time, or was tried often enough.
std::optional<std::vector<store::ItemEntry>> MailboxRun::lacking_details(
    const FolderWork& work) const {
  std::vector<store::ItemEntry> lacking;
  const auto noted = base_.notes.folders.find(work.id);
  if (!base_.reader || noted == base_.notes.folders.end()) return lacking;
  const std::uint32_t tries = noted->second.details_tries;
  if (tries == 0) return lacking;
  if (tries >= kDetailsTries || must_end()) return std::nullopt;
  std::set<std::string_view> touched;
  for (const auto* ids : {&work.changes.gone, &work.gone_at_export})
    touched.insert(ids->begin(), ids->end());
  for (const store::ItemEntry& entry : work.exported) touched.insert(entry.id);
  base_.reader->displayed_items(
      work.id, [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
        if (display == store::ItemDisplay{} && !touched.contains(item.id)) lacking.push_back(item);
        return true;
      });
  return lacking;
}

// Missing details never fail an item: what the service does not give now is asked for again by the
// next run.
std::unordered_map<std::string, store::ItemDisplay> MailboxRun::details_of(
    const FolderWork& work, const std::vector<std::string>& ids) {
  std::unordered_map<std::string, store::ItemDisplay> details;
  try {
    context_.with.service.item_details(
        context_.mailbox.id, work.id, ids,
        [&](const graph::Item& item, graph::ItemDetails found) {
          store::ItemDisplay display = display_of(std::move(found));
          // As good as no answer: the service may have refused the properties this once.
          if (display == store::ItemDisplay{}) return;
          details.insert_or_assign(item.id, std::move(display));
        },
        context_.stop);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::cancelled) {
      Problem problem = problem_of(report_->address, work.path, error);
      problem.message =
          text("subjects, senders and dates of new items are missing: ", problem.message);
      add_problem(std::move(problem));
    }
  }
  return details;
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
  return base_.snapshot && base_.snapshot->state && !editor_.has_begun() &&
         !context_.settings.full && started_ >= base_.notes.cursors_taken &&
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
  prepared.state = store_notes();
  report_->outcome = prepared.complete ? Outcome::complete : Outcome::partial;
  return prepared;
}

}  // namespace backup

#include "tests/support/fake_mailbox_service.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace test {

using base::Error;
using base::ErrorKind;
using base::text;

void FakeMailboxService::add_folder(const std::string& id, const std::string& name,
                                    const std::string& parent, const std::string& well_known_name,
                                    bool is_search_folder) {
  FolderState state;
  state.folder = {id, parent, name, "IPF.Note", well_known_name, is_search_folder, false};
  folders_[id] = std::move(state);
  folder_changed_[id] = ++now_;
}

void FakeMailboxService::rename_folder(const std::string& id, const std::string& name) {
  at(id).folder.display_name = name;
  folder_changed_[id] = ++now_;
}

void FakeMailboxService::remove_folder(const std::string& id) {
  folders_.erase(id);
  folder_changed_[id] = ++now_;
}

void FakeMailboxService::put_item(const std::string& folder, const std::string& id,
                                  const std::string& content) {
  StoredItem& item = at(folder).items[id];
  item.change_key = text("version-", ++now_);
  item.content = content;
  item.subject = "about " + id;
  const std::size_t bar = content.find('|');
  item.search_key = bar == std::string::npos ? "key of " + id : content.substr(bar + 1);
  if (!item.received)
    item.received = base::from_milliseconds(1'000'000 + static_cast<std::int64_t>(now_));
  at(folder).changed[id] = now_;
}

void FakeMailboxService::move_item(const std::string& from, const std::string& to,
                                   const std::string& id) {
  ++now_;
  at(to).items[id] = at(from).items.at(id);
  at(from).items.erase(id);
  at(from).changed[id] = now_;
  at(to).changed[id] = now_;
}

void FakeMailboxService::move_item_anew(const std::string& from, const std::string& to,
                                        const std::string& id, const std::string& new_id) {
  StoredItem item = at(from).items.at(id);
  remove_item(from, id);
  ++now_;
  at(to).items.insert_or_assign(new_id, std::move(item));
  at(to).changed[new_id] = now_;
}

void FakeMailboxService::remove_item(const std::string& folder, const std::string& id) {
  at(folder).changed[id] = ++now_;
  at(folder).items.erase(id);  // last: the id may be the key itself
}

void FakeMailboxService::tell_removed(const std::string& folder, const std::string& item_id) {
  at(folder).changed[item_id] = ++now_;
}

const std::map<std::string, FakeMailboxService::StoredItem>& FakeMailboxService::items(
    const std::string& folder) const {
  return folders_.at(folder).items;
}

FakeMailboxService::StoredItem& FakeMailboxService::item(const std::string& folder,
                                                         const std::string& id) {
  return at(folder).items.at(id);
}

std::optional<std::string> FakeMailboxService::folder_named(const std::string& parent,
                                                            const std::string& name) const {
  for (const auto& [id, state] : folders_) {
    if (state.folder.parent_id == parent && state.folder.display_name == name) return id;
  }
  return std::nullopt;
}

std::uint64_t FakeMailboxService::calls(Call call) const {
  const auto found = calls_.find(call);
  return found == calls_.end() ? 0 : found->second;
}

std::uint64_t FakeMailboxService::all_calls() const {
  std::uint64_t sum = 0;
  for (const auto& [call, count] : calls_) sum += count;
  return sum;
}

void FakeMailboxService::forget_calls() {
  calls_.clear();
  exported_.clear();
}

void FakeMailboxService::enter(Call call, const std::string& subject, const std::stop_token& stop) {
  ++calls_[call];
  if (before_call) before_call(call, subject);
  if (stop.stop_requested()) throw Error{ErrorKind::cancelled, "stopped on request"};
}

graph::Cursor FakeMailboxService::cursor() const { return {text(generation_, ":", now_)}; }

std::optional<std::uint64_t> FakeMailboxService::when(const graph::Cursor& cursor) const {
  const std::vector<std::string> parts = base::split(cursor.value, ':');
  if (parts.at(0) != text(generation_)) return std::nullopt;
  return std::stoull(parts.at(1));
}

graph::Item FakeMailboxService::as_item(const std::string& id, const StoredItem& item) const {
  return {id, item.change_key, item.item_class, item.received, item.received, item.content.size()};
}

graph::Round FakeMailboxService::folder_changes(
    const graph::MailboxId& mailbox, const std::optional<graph::Cursor>& since,
    const std::function<void(graph::FolderChange)>& on_change, std::stop_token stop) {
  const std::lock_guard lock{mutex_};
  enter(Call::folder_changes, mailbox.value, stop);
  std::uint64_t after = 0;
  if (since) {
    const auto known = when(*since);
    if (!known) return graph::CursorRejected{};
    after = *known;
  }
  for (const auto& [id, changed] : folder_changed_) {
    const auto found = folders_.find(id);
    if (found == folders_.end()) {
      if (since && changed > after) on_change(graph::FolderRemoved{id});
      continue;
    }
    if (changed <= after) continue;
    graph::Folder told = found->second.folder;
    told.is_search_folder = false;  // feeds leave it out
    on_change(told);
  }
  return graph::RoundComplete{cursor(), !since};
}

std::optional<graph::Folder> FakeMailboxService::folder(const graph::MailboxId&,
                                                        const std::string& folder_id,
                                                        std::stop_token stop) {
  if (on_the_way) on_the_way(Call::folder);
  const std::lock_guard lock{mutex_};
  enter(Call::folder, folder_id, stop);
  const auto found = folders_.find(folder_id);
  if (found == folders_.end() || unknown_when_asked.contains(folder_id)) return std::nullopt;
  return found->second.folder;
}

graph::Round FakeMailboxService::item_changes(
    const graph::MailboxId&, const std::string& folder_id,
    const std::optional<graph::Cursor>& since,
    const std::function<void(graph::ItemChange)>& on_change, std::stop_token stop) {
  if (on_the_way) on_the_way(Call::item_changes);
  const std::lock_guard lock{mutex_};
  enter(Call::item_changes, folder_id, stop);
  const auto found = folders_.find(folder_id);
  if (found == folders_.end() || lost_feeds_.contains(folder_id)) return graph::FeedGone{};
  std::uint64_t after = 0;
  if (since) {
    const auto known = when(*since);
    if (!known) return graph::CursorRejected{};
    after = *known;
  }
  for (const auto& [id, changed] : found->second.changed) {
    if (changed <= after) continue;
    const auto item = found->second.items.find(id);
    if (item == found->second.items.end()) {
      on_change(graph::ItemRemoved{id});
      if (repeats_) on_change(graph::ItemRemoved{id});
      continue;
    }
    graph::Item told = as_item(id, item->second);
    if (repeats_) {
      on_change(graph::ItemRemoved{id});
      graph::Item outdated = told;
      outdated.change_key = "outdated";
      on_change(outdated);
    }
    on_change(told);
  }
  return graph::RoundComplete{cursor(), !since};
}

void FakeMailboxService::item_details(
    const graph::MailboxId&, const std::string& folder_id, std::span<const std::string> item_ids,
    const std::function<void(graph::Item, graph::ItemDetails)>& on_item, std::stop_token stop) {
  const std::lock_guard lock{mutex_};
  enter(Call::item_details, folder_id, stop);
  const auto found = folders_.find(folder_id);
  if (found == folders_.end()) return;
  for (const auto& [id, item] : found->second.items) {
    if (!item_ids.empty() && std::find(item_ids.begin(), item_ids.end(), id) == item_ids.end())
      continue;
    graph::ItemDetails details;
    details.item_id = id;
    if (withholds_details_) {
      on_item(as_item(id, item), details);
      continue;
    }
    details.subject = item.subject;
    details.received = item.received;
    details.search_key = item.search_key;
    on_item(as_item(id, item), details);
  }
}

void FakeMailboxService::export_units(const graph::MailboxId&,
                                      std::span<const graph::ExportRequest> units,
                                      graph::ExportSink& sink, std::stop_token stop) {
  const std::lock_guard lock{mutex_};
  enter(Call::export_units, units.empty() ? "" : units.front().item_id, stop);
  for (const graph::ExportRequest& unit : units) {
    exported_.push_back(unit.item_id);
    if (const auto poisoned = poisoned_.find(unit.item_id); poisoned != poisoned_.end()) {
      sink.begin();
      sink.data(base::as_bytes("half a str"));
      sink.abandon();
      sink.failed(unit.item_id, poisoned->second);
      continue;
    }
    const StoredItem* item = nullptr;
    for (const auto& [id, state] : folders_) {
      const auto found = state.items.find(unit.item_id);
      if (found != state.items.end()) item = &found->second;
    }
    if (item == nullptr) {
      sink.failed(unit.item_id, {"ErrorItemNotFound", "the item is not there", true});
      continue;
    }
    sink.begin();
    const std::string_view content = item->content;
    sink.data(base::as_bytes(content.substr(0, content.size() / 2)));
    sink.data(base::as_bytes(content.substr(content.size() / 2)));
    sink.end(unit.item_id, item->change_key);
  }
}

void FakeMailboxService::prepare_import(const graph::MailboxId&, std::stop_token stop) {
  const std::lock_guard lock{mutex_};
  enter(Call::prepare_import, "", stop);
}

graph::CreatedFolder FakeMailboxService::create_folder(const graph::MailboxId&,
                                                       const std::string& parent_id,
                                                       const std::string& display_name,
                                                       const std::string& item_class,
                                                       std::stop_token stop) {
  const std::lock_guard lock{mutex_};
  enter(Call::create_folder, display_name, stop);
  for (const auto& [id, state] : folders_) {
    if (state.folder.parent_id == parent_id &&
        base::equals_ignoring_case(state.folder.display_name, display_name)) {
      return {state.folder, true};
    }
  }
  const std::string id = text("created-", ++now_);
  add_folder(id, display_name, parent_id);
  at(id).folder.item_class = item_class;
  return {at(id).folder};
}

void FakeMailboxService::remove_folder(const graph::MailboxId&, const std::string& folder_id,
                                       std::stop_token stop) {
  const std::lock_guard lock{mutex_};
  enter(Call::remove_folder, folder_id, stop);
  if (folders_.contains(folder_id)) remove_folder(folder_id);
}

graph::ImportResult FakeMailboxService::import_unit(const graph::MailboxId&,
                                                    const std::string& folder_id,
                                                    graph::StreamSource& stream,
                                                    const std::optional<graph::ImportOver>& over,
                                                    std::stop_token stop) {
  const std::lock_guard lock{mutex_};
  enter(Call::import_unit, folder_id, stop);
  std::string content;
  base::Bytes piece(7);
  while (const std::size_t size = stream.read(piece)) {
    content += base::as_text(base::ByteView{piece}.first(size));
  }
  if (refuse_import) {
    if (auto refused = refuse_import(folder_id)) return *refused;
  }
  const Lost lost = lose_answer ? lose_answer(folder_id) : Lost::no;
  if (lost == Lost::before_creating) return graph::ImportUncertain{"the connection died"};
  const std::string id = over ? over->item_id : text("imported-", now_ + 1);
  StoredItem imported;
  if (over) {
    const auto there = at(folder_id).items.find(id);
    if (there == at(folder_id).items.end() || there->second.change_key != over->change_key) {
      return graph::ImportRefused{{"ErrorIrresolvableConflict", "not that version", false}, false};
    }
    imported = there->second;
  }
  // As the streams of the service do, the content carries the search key: "...|key".
  imported.content = content;
  const std::size_t bar = content.find('|');
  imported.search_key = bar == std::string::npos ? "" : content.substr(bar + 1);
  imported.change_key = text("version-", ++now_);
  imported.received = base::from_milliseconds(static_cast<std::int64_t>(now_));
  at(folder_id).items[id] = imported;
  at(folder_id).changed[id] = now_;
  if (lost == Lost::after_creating) return graph::ImportUncertain{"the connection died"};
  return graph::Imported{id, imported.change_key};
}

base::Duration FakeMailboxService::time_lost(const graph::MailboxId& mailbox) const {
  const std::lock_guard lock{mutex_};
  const auto found = lost_time.find(mailbox.value);
  return found == lost_time.end() ? base::Duration{} : found->second;
}

}  // namespace test

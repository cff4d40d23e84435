#include "src/restore/item_restore.h"

#include "src/base/side_by_side.h"
#include "src/base/text.h"
#include "src/restore/stored_stream.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <variant>

namespace restore {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;
using Seen = RestoreItem::Seen;
using State = RestoreItem::State;

constexpr const char* kUncertain = "Uncertain";
// How often an item whose answer was lost is looked for before it counts as failed.
constexpr int kLooks = 4;
// Written down together before they are sent: as many are looked for after a restore was cut off.
constexpr std::size_t kSentTogether = 100;
// Of the ids of items like those that are sent, in one entry of the journal: a whole folder may be
// like them, and ids may be absurdly long.
constexpr std::size_t kMostThereBeforeBytes = std::size_t{1} << 20;

bool is_to_be_imported(const RestoreItem& item) {
  return item.verdict.kind == Verdict::Kind::create || item.verdict.kind == Verdict::Kind::replace;
}

// By what is known of the restore before it was cut off.
bool is_settled(const RestoreItem& item) {
  return item.verdict.kind == Verdict::Kind::skip || item.verdict.kind == Verdict::Kind::undecided;
}

bool same_class(const std::string& left, const std::string& right) {
  return base::equals_ignoring_case(left, right);
}

// What has no search key is known by its bytes alone.
bool is_as_it_should_be(const RestoreItem& item, const TargetItem& there,
                        const std::map<std::string, base::Sha256>& hashes) {
  if (!same_class(there.item_class, item.entry.item_class)) return false;
  if (!item.search_key.empty()) return there.search_key == item.search_key;
  const auto hash = hashes.find(item.imported.item_id);
  return hash != hashes.end() && hash->second == item.entry.content.sha256;
}

void refuse(RestoreItem& item, std::string code, const std::string& message) {
  item.state = State::refused;
  item.refusal_code = std::move(code);
  item.refusal = base::printable(message);
}

}  // namespace

void BatchRestore::skip_made_before(std::vector<RestoreItem>& items) {
  std::vector<graph::ExportRequest> without_key;
  for (RestoreItem& item : items) {
    if (to_.past.unread.contains(item.entry.id)) {
      item.verdict = {Verdict::Kind::undecided, std::nullopt,
                      "sent before this restore was cut off, and what it may be in the target "
                      "could not be compared"};
    }
    const auto made = to_.past.target_ids.find(item.entry.id);
    if (made == to_.past.target_ids.end()) continue;
    item.verdict = {Verdict::Kind::skip, std::nullopt, "restored before this restore was cut off"};
    item.imported.item_id = made->second;
    const TargetItem* there = to_.contents.find(made->second);
    if (item.search_key.empty() && there != nullptr) {
      without_key.push_back({made->second, there->size_bytes});
    }
  }
  const auto hashes = hash_exports(context_.with.service, to_.mailbox, without_key,
                                   context_.settings.lanes, context_.stop);
  for (RestoreItem& item : items) {
    const TargetItem* there = to_.contents.find(item.imported.item_id);
    if (there == nullptr) continue;
    item.seen = is_as_it_should_be(item, *there, hashes) ? Seen::as_it_should_be : Seen::otherwise;
  }
}

void BatchRestore::compare(std::vector<RestoreItem>& items) {
  skip_made_before(items);
  if (context_.settings.on_conflict == OnConflict::copy || to_.folder_id.empty()) return;
  // The same id and version answers for itself; only what is merely alike must be read.
  std::map<std::string, std::uint64_t> to_hash;  // id to size
  for (const RestoreItem& item : items) {
    if (is_settled(item)) continue;
    for (const std::string& id :
         to_.contents.candidates(item.entry, item.search_key, to_.same_mailbox)) {
      const TargetItem& target = *to_.contents.find(id);
      const bool same_version =
          to_.same_mailbox && id == item.entry.id && target.change_key == item.entry.change_key;
      if (!same_version) to_hash.emplace(id, target.size_bytes);
    }
  }
  std::vector<graph::ExportRequest> units;
  units.reserve(to_hash.size());
  for (const auto& [id, size] : to_hash) units.push_back({id, size});
  const std::map<std::string, base::Sha256> hashes = hash_exports(
      context_.with.service, to_.mailbox, units, context_.settings.lanes, context_.stop);
  for (RestoreItem& item : items) {
    if (is_settled(item)) continue;
    const std::vector<Candidate> candidates = candidates_of(item, hashes);
    item.verdict = decide(context_.settings.on_conflict, candidates);
    if (!item.verdict.candidate) continue;
    const Candidate& chosen = candidates[*item.verdict.candidate];
    to_.contents.claim(chosen.item_id, item.entry.id);
    if (item.verdict.kind == Verdict::Kind::replace) {
      item.over = graph::ImportOver{chosen.item_id, chosen.change_key};
    }
  }
}

std::vector<Candidate> BatchRestore::candidates_of(
    const RestoreItem& item, const std::map<std::string, base::Sha256>& hashes) const {
  std::vector<Candidate> candidates;
  for (const std::string& id :
       to_.contents.candidates(item.entry, item.search_key, to_.same_mailbox)) {
    const TargetItem& target = *to_.contents.find(id);
    Candidate candidate;
    candidate.item_id = id;
    candidate.change_key = target.change_key;
    candidate.same_id = to_.same_mailbox && id == item.entry.id;
    candidate.modified = target.modified;
    const auto hash = hashes.find(id);
    const bool same_bytes = hash != hashes.end() && hash->second == item.entry.content.sha256;
    // Without a search key only bytes tell; what could not be read may be it.
    const bool is_another = item.search_key.empty() && hash != hashes.end() && !same_bytes;
    if (is_another && !candidate.same_id) continue;
    // Nothing but its bytes tells which version a copy is: the search key survives edits, and a
    // copy of an older restore point lies there just as untouched.
    if (same_bytes || (candidate.same_id && target.change_key == item.entry.change_key)) {
      candidate.likeness = Likeness::unchanged;
    } else if (hash != hashes.end()) {
      candidate.likeness = Likeness::changed;
    }
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

std::optional<Error> BatchRestore::import_all(std::vector<RestoreItem>& items) {
  std::vector<RestoreItem*> wanted;
  for (RestoreItem& item : items) {
    if (is_to_be_imported(item)) wanted.push_back(&item);
  }
  std::optional<Error> ended_by;
  std::vector<RestoreItem*> uncertain;
  try {
    for (std::span<RestoreItem*> left = wanted; !left.empty() && !ended_by;) {
      if (context_.stop.stop_requested()) break;
      const auto together = left.first(write_down_sending(left));
      left = left.subspan(together.size());
      ended_by = import_together(together);
      write_down_outcomes(together);
    }
    for (RestoreItem* item : wanted) {
      if (item->state == State::uncertain) uncertain.push_back(item);
    }
    if (const auto error = resolve(uncertain); error && !ended_by) ended_by = error;
    write_down_outcomes(uncertain);
    context_.journal.flush(to_.folder_id);
  } catch (const Error& error) {  // of the journal: somebody else is at it
    if (!ended_by) ended_by = error;
  }
  return ended_by;
}

std::optional<Error> BatchRestore::import_together(std::span<RestoreItem* const> items) {
  std::mutex mutex;
  std::optional<Error> ended_by;
  base::run_side_by_side(items.size(), context_.settings.lanes, [&](std::size_t i) {
    if (context_.stop.stop_requested()) return;
    {
      const std::lock_guard lock{mutex};
      if (ended_by) return;
    }
    std::optional<Error> error = import_one(*items[i]);
    const std::lock_guard lock{mutex};
    if (error && !ended_by) ended_by = std::move(error);
  });
  for (const RestoreItem* item : items) {
    if (item->state == State::imported) to_.contents.add_ours(item->imported.item_id);
  }
  return ended_by;
}

// Lost answers are looked into with nothing else under way: what is new and unknown then is theirs.
std::optional<Error> BatchRestore::resolve(std::vector<RestoreItem*> uncertain) {
  std::optional<Error> ended_by;
  bool could_look = true;
  for (int look = 1; !uncertain.empty() && look <= kLooks; ++look) {
    context_.with.clock.sleep_for(kSettleTime, context_.stop);
    try {
      look_for(uncertain);
    } catch (const Error& error) {
      could_look = false;
      ended_by = error;
    }
    if (ended_by || context_.stop.stop_requested() || look == kLooks) break;
    for (RestoreItem* item : uncertain) {
      if (item->may_be_there) continue;
      if (!ended_by) ended_by = import_one(*item);
      if (item->state == State::imported) to_.contents.add_ours(item->imported.item_id);
    }
    std::erase_if(uncertain,
                  [](const RestoreItem* item) { return item->state != State::uncertain; });
  }
  for (RestoreItem* item : uncertain) {
    const std::string_view outcome = could_look && !item->may_be_there
                                         ? "the item does not show in the target"
                                         : "nobody could look for it: it may be in the target";
    refuse(*item, kUncertain,
           text("the import's outcome is unknown (", item->doubt, "), and ", outcome));
  }
  return ended_by;
}

std::size_t BatchRestore::write_down_sending(std::span<RestoreItem* const> items) {
  std::vector<RestoreJournal::Sending> sending;
  std::size_t taken = 0;
  std::size_t bytes = 0;
  for (; taken < std::min(items.size(), kSentTogether); ++taken) {
    const RestoreItem& item = *items[taken];
    if (item.over) continue;  // replacing it once more does no harm
    std::vector<std::string> there =
        to_.contents.alike(item.entry, item.search_key, to_.same_mailbox);
    std::size_t size = 0;
    for (const std::string& id : there) size += id.size();
    if (taken > 0 && bytes + size > kMostThereBeforeBytes) break;
    bytes += size;
    // One that is like more than an entry holds is compared when the restore goes on, as if it had
    // not been sent.
    if (size <= kMostThereBeforeBytes) sending.push_back({item.entry.id, std::move(there)});
  }
  context_.journal.sending(to_.folder_id, std::move(sending));
  return taken;
}

// What was not answered, and has not been looked for, stays unknown. What is untried was not sent.
void BatchRestore::write_down_outcomes(std::span<RestoreItem* const> items) {
  for (const RestoreItem* item : items) {
    if (item->state == State::imported) {
      context_.journal.came_to(to_.folder_id, {item->entry.id, item->imported.item_id});
    } else if (item->state == State::untried ||
               (item->state == State::refused && item->refusal_code != kUncertain)) {
      context_.journal.came_to(to_.folder_id, {item->entry.id, {}});
    }
  }
}

std::optional<Error> BatchRestore::import_one(RestoreItem& item) {
  std::optional<StoredStream> stream;
  try {
    stream.emplace(context_.with.store.open_content(item.entry.content));
    take(item, context_.with.service.import_unit(to_.mailbox, to_.folder_id, *stream, item.over,
                                                 context_.stop));
  } catch (const Error& error) {
    const bool by_store = !stream || stream->failure();
    const Error& cause = stream && stream->failure() ? *stream->failure() : error;
    if (by_store && cause.kind() == ErrorKind::corrupt) {
      refuse(item, "corrupt", text("damaged in the store, not sent: ", cause.what()));
    } else if (!by_store && error.kind() == ErrorKind::protocol) {
      // An answer that makes no sense may stand for an item that is there.
      item.state = State::uncertain;
      item.doubt = error.what();
    } else {
      return cause;
    }
  }
  if (item.state == State::refused && item.refusal_code == "TargetFull") {
    item.state = State::untried;
    return Error{ErrorKind::full, text("the target mailbox is full: ", item.refusal)};
  }
  return std::nullopt;
}

void BatchRestore::take(RestoreItem& item, graph::ImportResult result) {
  if (auto* imported = std::get_if<graph::Imported>(&result)) {
    item.state = State::imported;
    item.imported = std::move(*imported);
  } else if (const auto* refused = std::get_if<graph::ImportRefused>(&result)) {
    refuse(item, refused->target_full ? "TargetFull" : refused->error.code, refused->error.message);
  } else {
    item.state = State::uncertain;
    item.doubt = std::get<graph::ImportUncertain>(result).detail;
  }
}

void BatchRestore::look_for(std::vector<RestoreItem*>& uncertain) {
  const TargetItems listed =
      list_items(context_.with.service, to_.mailbox, to_.folder_id, {}, context_.stop);
  std::erase_if(uncertain, [&](RestoreItem* item) {
    if (item->over) {
      const auto now = listed.find(item->over->item_id);
      if (now == listed.end() || now->second.change_key == item->over->change_key) return false;
      item->imported = {now->first, now->second.change_key};
    } else {
      const std::vector<std::string> ids = matching_ids(*item, listed);
      if (ids.empty()) return false;
      item->imported = {ids.front(), listed.at(ids.front()).change_key};
      to_.contents.add_ours(ids.front());
    }
    item->state = State::imported;
    return true;
  });
}

// New and unexplained items that are this one: by the search key, or by their bytes where there is
// none.
std::vector<std::string> BatchRestore::matching_ids(RestoreItem& item, const TargetItems& listed) {
  std::vector<graph::ExportRequest> alike;
  for (const auto& [id, target] : listed) {
    const bool same_key = item.search_key.empty() || target.search_key == item.search_key;
    if (to_.contents.is_unexplained(id) && same_key &&
        same_class(target.item_class, item.entry.item_class)) {
      alike.push_back({id, target.size_bytes});
    }
  }
  std::map<std::string, base::Sha256> hashes;
  if (item.search_key.empty()) {
    hashes = hash_exports(context_.with.service, to_.mailbox, alike, context_.settings.lanes,
                          context_.stop);
  }
  item.may_be_there = item.search_key.empty() && hashes.size() < alike.size();
  std::vector<std::string> ids;
  for (const graph::ExportRequest& unit : alike) {
    const auto hash = hashes.find(unit.item_id);
    const bool same_bytes = hash != hashes.end() && hash->second == item.entry.content.sha256;
    if (!item.search_key.empty() || same_bytes) ids.push_back(unit.item_id);
  }
  return ids;
}

std::map<std::string, base::Sha256> BatchRestore::hashes_without_key(
    const std::vector<RestoreItem>& items, const TargetItems& listed) {
  std::vector<graph::ExportRequest> units;
  for (const RestoreItem& item : items) {
    if (item.state != State::imported || item.seen == Seen::as_it_should_be) continue;
    const auto found = listed.find(item.imported.item_id);
    if (item.search_key.empty() && found != listed.end()) {
      units.push_back({found->first, found->second.size_bytes});
    }
  }
  return hash_exports(context_.with.service, to_.mailbox, units, context_.settings.lanes,
                      context_.stop);
}

void BatchRestore::read_back(std::vector<RestoreItem>& items) {
  std::vector<std::string> ids;
  for (const RestoreItem& item : items) {
    if (item.state == State::imported) ids.push_back(item.imported.item_id);
  }
  // A listing may run a moment behind what was just imported: one more look for what it lacks.
  for (int look = 0; look < 2 && !ids.empty(); ++look) {
    if (look > 0) context_.with.clock.sleep_for(kSettleTime, context_.stop);
    const TargetItems listed =
        list_items(context_.with.service, to_.mailbox, to_.folder_id, ids, context_.stop);
    const std::map<std::string, base::Sha256> hashes = hashes_without_key(items, listed);
    ids.clear();
    for (RestoreItem& item : items) {
      if (item.state != State::imported || item.seen == Seen::as_it_should_be) continue;
      const auto found = listed.find(item.imported.item_id);
      const bool is_seen = found != listed.end() && is_as_it_should_be(item, found->second, hashes);
      item.seen = is_seen ? Seen::as_it_should_be : Seen::otherwise;
      if (!is_seen) ids.push_back(item.imported.item_id);
    }
  }
}

}  // namespace restore

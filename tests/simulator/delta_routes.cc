// Delta rounds over folders and over the items of a folder.
//
// A round's state travels in its tokens. The first round lists what is there, by number; changes
// made meanwhile come in the next. A later round gives what happened after the round before had
// begun: an entity can come again although it did not change, which the service does, too.
#include "src/base/text.h"
#include "tests/simulator/call.h"

#include <algorithm>
#include <unordered_map>

namespace simulator {
namespace {

constexpr std::uint64_t kDefaultPage = 10;
constexpr std::uint64_t kLargestPage = 1000;

struct Round {
  std::string scope;   // "items", "folders", "children"
  std::string folder;  // id; for items and children
  bool initial = true;
  std::uint64_t from = 0;  // sequence numbers: after this one,
  std::uint64_t to = 0;    // up to this one
  std::uint64_t position = 0;
  std::string select;
  std::string filter;
  std::uint64_t top = 0;
};

struct Page {
  Json value = Json::array();
  bool last = true;
};

const Capabilities& capabilities(const Round& round) {
  static const Capabilities kItems{{"$select", "$top", "$filter", "$orderby"},
                                   item_capabilities().fields};
  static const Capabilities kFolders{{"$select"}, folder_capabilities().fields};
  return round.scope == "items" ? kItems : kFolders;
}

std::string seal(const Call& call, const Round& round) {
  return call.world.sealer.seal("delta", {{"mailbox", call.mailbox->id()},
                                          {"scope", round.scope},
                                          {"folder", round.folder},
                                          {"initial", round.initial},
                                          {"from", round.from},
                                          {"to", round.to},
                                          {"position", round.position},
                                          {"select", round.select},
                                          {"filter", round.filter},
                                          {"top", round.top},
                                          {"issued", base::to_milliseconds(call.now)},
                                          {"generation", call.world.delta_generation}});
}

[[noreturn]] void refuse_token(const Call& call) {
  throw Refusal{410,
                "syncStateNotFound",
                "The sync state generation is not found; the token is too old.",
                {{"Location", call.url("?%24deltatoken=")}}};
}

Round open_token(Call& call, const std::string& token, const Round& expected) {
  const auto content = call.world.sealer.open("delta", token);
  if (!content) throw Refusal{400, "SyncStateInvalid", "The sync state token is malformed."};
  const Json& json = *content;
  if (json["mailbox"] != call.mailbox->id() || json["scope"] != expected.scope ||
      json["folder"] != expected.folder) {
    throw Refusal{400, "SyncStateInvalid", "The sync state token belongs elsewhere."};
  }
  const Instant issued = base::from_milliseconds(json["issued"].get<std::int64_t>());
  if (issued + call.world.lifetimes.delta_token <= call.now ||
      json["generation"] != call.world.delta_generation || call.strikes(Fault::delta_rejected)) {
    refuse_token(call);
  }
  Round round = expected;
  json["initial"].get_to(round.initial);
  json["from"].get_to(round.from);
  json["to"].get_to(round.to);
  json["position"].get_to(round.position);
  json["select"].get_to(round.select);
  json["filter"].get_to(round.filter);
  json["top"].get_to(round.top);
  return round;
}

// Late changes: the round ends before the newest ones, as if they had not reached this server yet.
std::uint64_t newest_sequence(Call& call, const Round& round) {
  const std::uint64_t newest = call.mailbox->sequence();
  if (newest <= round.from || !call.strikes(Fault::late_delta)) return newest;
  call.world.statistics.late_rounds[call.mailbox->id()].insert(round.folder);
  return round.from + (newest - round.from) / 2;
}

Round start_round(Call& call, Round round) {
  const Selection selection = parse_selection(call.target, capabilities(round));
  round.select = call.target.parameter("$select").value_or("");
  round.top = call.target.parameter("$top") ? selection.top : 0;
  round.to = call.mailbox->sequence();
  return round;
}

// $filter and $orderby of item delta speak of a member that items do not have.
void take_item_parameters(Target& target, Round& round) {
  if (const auto filter = target.parameter("$filter")) {
    const Filter checked{*filter, {"receivedDateTime"}};
    if (filter->find(" ge ") == std::string::npos && filter->find(" gt ") == std::string::npos) {
      throw Refusal{400, "ErrorInvalidUrlQueryFilter", "Only receivedDateTime ge or gt."};
    }
    round.filter = *filter;
  }
  if (const auto order = target.parameter("$orderby");
      order && base::to_lower(*order) != "receiveddatetime desc") {
    throw Refusal{400, "ErrorInvalidUrlQuery", "Only receivedDateTime desc."};
  }
  std::erase_if(target.parameters, [](const auto& parameter) {
    return parameter.first == "$filter" || parameter.first == "$orderby";
  });
}

Round current_round(Call& call, const Round& expected) {
  if (const auto token = call.target.parameter("$skiptoken")) {
    return open_token(call, *token, expected);
  }
  const auto token = call.target.parameter("$deltatoken");
  if (token && !token->empty()) {
    Round round = open_token(call, *token, expected);
    round.to = newest_sequence(call, round);
    return round;
  }
  Target rest = call.target;
  std::erase_if(rest.parameters,
                [](const auto& parameter) { return parameter.first == "$deltatoken"; });
  Round round = expected;
  if (round.scope == "items") take_item_parameters(rest, round);
  Call first{call.world,    call.head,        rest,         call.body, call.operation,
             call.captures, call.application, call.mailbox, call.now,  call.exported_bytes};
  return start_round(first, round);
}

std::uint64_t page_size(const Call& call, const Round& round) {
  std::uint64_t size = preferred_page_size(call.head.headers).value_or(kDefaultPage);
  if (round.top > 0) size = std::min(size, round.top);
  return std::min(size, kLargestPage);
}

Selection selection_of(const Round& round) {
  Selection selection;
  if (round.select.empty()) return selection;
  for (const std::string& field : base::split(round.select, ',')) {
    selection.select.emplace_back(base::trim(field));
  }
  return selection;
}

void append(Call& call, Json& value, Json entry) {
  if (call.strikes(Fault::repeated_delta)) value.push_back(entry);
  value.push_back(std::move(entry));
}

Json removed(const std::string& id, std::string_view reason) {
  return {{"id", id}, {"@removed", {{"reason", reason}}}};
}

Response answer(Call& call, Round round, Page page) {
  Json json = {{"@odata.context",
                base::text(call.world.origins.graph, "/v1.0/$metadata#Collection(microsoft.graph.",
                           round.scope == "items" ? "mailboxItem" : "mailboxFolder", ")")}};
  json["value"] = std::move(page.value);
  if (page.last) {
    round.initial = false;
    round.from = round.to;
    round.position = 0;
    json["@odata.deltaLink"] =
        call.url("?%24deltatoken=" + base::percent_encode(seal(call, round)));
  } else {
    json["@odata.nextLink"] = call.url("?%24skiptoken=" + base::percent_encode(seal(call, round)));
  }
  return json_answer(200, json);
}

bool passes(const Round& round, const Item& item) {
  if (round.filter.empty()) return true;
  const Filter filter{round.filter, {"receivedDateTime"}};
  return filter.matches({{"receivedDateTime", base::format_rfc3339(item.recipe.received)}});
}

Page listed_items(Call& call, Round& round, const Folder& folder) {
  Page page;
  const std::uint64_t size = page_size(call, round);
  const Selection selection = selection_of(round);
  auto number = folder.items.upper_bound(round.position);
  for (std::uint64_t count = 0; number != folder.items.end() && count < size; ++number, ++count) {
    const Item& item = call.mailbox->item(*number);
    if (passes(round, item)) append(call, page.value, render_item(call, item, selection));
    round.position = *number;
  }
  page.last = number == folder.items.end();
  return page;
}

// The changes of the round, one for each id: the last.
std::vector<const ItemChange*> round_changes(const Call& call, const Round& round,
                                             const Folder& folder) {
  const bool immutable = prefers_immutable_ids(call.head.headers);
  const std::vector<ItemChange>& log = call.mailbox->item_changes(folder.number);
  const auto after = [](std::uint64_t sequence, const ItemChange& change) {
    return sequence < change.sequence;
  };
  const auto begin = std::upper_bound(log.begin(), log.end(), round.from, after);
  const auto end = std::upper_bound(begin, log.end(), round.to, after);
  std::unordered_map<std::string_view, const ItemChange*> last;
  for (auto change = begin; change != end; ++change) {
    last[immutable ? change->immutable_id : change->id] = &*change;
  }
  std::vector<const ItemChange*> changes;
  for (auto change = begin; change != end; ++change) {
    if (last[immutable ? change->immutable_id : change->id] == &*change) {
      changes.push_back(&*change);
    }
  }
  return changes;
}

Page changed_items(Call& call, Round& round, const Folder& folder) {
  Page page;
  const bool immutable = prefers_immutable_ids(call.head.headers);
  const std::vector<const ItemChange*> changes = round_changes(call, round, folder);
  const Selection selection = selection_of(round);
  const std::uint64_t end =
      std::min<std::uint64_t>(changes.size(), round.position + page_size(call, round));
  for (; round.position < end; ++round.position) {
    const ItemChange& change = *changes[round.position];
    const std::string& id = immutable ? change.immutable_id : change.id;
    if (change.what == ItemChange::What::present) {
      const Item* item = call.mailbox->find_item(id);
      // What left the folder since then is told in the next round.
      if (item == nullptr || item->folder != folder.number || !passes(round, *item)) continue;
      append(call, page.value, render_item(call, *item, selection));
    } else {
      const bool moved = change.what == ItemChange::What::moved_away;
      append(call, page.value, removed(id, moved ? "changed" : "deleted"));
    }
  }
  page.last = round.position >= changes.size();
  return page;
}

Json delta_folder(const Call& call, const Folder& folder, const Selection& selection) {
  Json json = render_folder(call, folder, selection);
  if (!folder.parent && json.contains("displayName")) json["displayName"] = "";
  return json;
}

// What to tell, by a key that stays the same from page to page whatever happens between them: the
// folder's number in a first round, its last change in later ones.
using KeyedFolders = std::map<std::uint64_t, Json>;

KeyedFolders folder_entries(const Call& call, const Round& round, const Folder* parent) {
  const Mailbox& mailbox = *call.mailbox;
  const Selection selection = selection_of(round);
  const auto covered = [&](const Folder& folder) {
    return parent == nullptr || folder.parent == parent->number;
  };
  KeyedFolders entries;
  if (round.initial) {
    for (const auto& [number, folder] : mailbox.folders()) {
      if (covered(folder)) entries.emplace(number, delta_folder(call, folder, selection));
    }
    return entries;
  }
  std::set<Number> told;
  const std::vector<FolderChange>& log = mailbox.folder_changes();
  for (auto change = log.rbegin(); change != log.rend() && change->sequence > round.from;
       ++change) {
    if (change->sequence > round.to) continue;
    const Folder* folder = mailbox.find_folder(change->id);
    const bool here = folder != nullptr && covered(*folder);
    const bool was_here = parent == nullptr || change->parent == parent->number;
    if ((!here && !was_here) || !told.insert(change->folder).second) continue;
    entries.emplace(change->sequence,
                    here ? delta_folder(call, *folder, selection)
                         : removed(change->id, folder == nullptr ? "deleted" : "changed"));
  }
  return entries;
}

Response answer_folders(Call& call, const Round& expected, const Folder* parent) {
  Round round = current_round(call, expected);
  if (call.strikes(Fault::empty_delta_page)) return answer(call, round, {Json::array(), false});
  const KeyedFolders entries = folder_entries(call, round, parent);
  const std::uint64_t size = page_size(call, round);
  Page page;
  auto entry = entries.upper_bound(round.position);
  for (std::uint64_t count = 0; entry != entries.end() && count < size; ++entry, ++count) {
    append(call, page.value, entry->second);
    round.position = entry->first;
  }
  page.last = entry == entries.end();
  return answer(call, round, std::move(page));
}

}  // namespace

Response folders_delta(Call& call) {
  Round round;
  round.scope = "folders";
  return answer_folders(call, round, nullptr);
}

Response child_folders_delta(Call& call) {
  const Folder& parent = named_folder(call, call.captures[1]);
  Round round;
  round.scope = "children";
  round.folder = parent.id;
  return answer_folders(call, round, &parent);
}

Response items_delta(Call& call) {
  const Folder* folder = call.mailbox->find_folder(call.captures[1]);
  if (folder == nullptr && looks_like_id(call.captures[1])) {
    throw Refusal{404, "ErrorItemNotFound", "The folder was not found in the store."};
  }
  Round expected;
  expected.scope = "items";
  expected.folder = folder != nullptr ? folder->id : named_folder(call, call.captures[1]).id;
  Round round = current_round(call, expected);
  if (call.strikes(Fault::empty_delta_page)) return answer(call, round, {Json::array(), false});
  Page page =
      round.initial ? listed_items(call, round, *folder) : changed_items(call, round, *folder);
  return answer(call, round, std::move(page));
}

}  // namespace simulator

#include "src/restore/past_items.h"

#include <algorithm>
#include <string_view>

namespace restore {
namespace {

// Of the items that it may be, the one of its bytes.
struct Equal {
  std::string id;  // empty if there is none
  bool some_unread = false;
};

Equal with_equal_bytes(const std::vector<std::string>& ids, const base::Sha256& sha256,
                       const HashItems& hash) {
  if (ids.empty()) return {};
  const std::map<std::string, base::Sha256> hashes = hash({ids.begin(), ids.end()});
  for (const auto& [id, digest] : hashes) {
    if (digest == sha256) return {id};
  }
  return {{}, hashes.size() < ids.size()};
}

}  // namespace

FoundPast find_past(const FolderPast& past, const std::vector<PastSource>& unknown,
                    TargetContents& contents, const HashItems& hash) {
  FoundPast found;
  const auto is_found = [&](const std::string& id, const std::string& target_id) {
    contents.claim(target_id, id);
    found.target_ids[id] = target_id;
  };
  // What is known leaves less to guess about.
  for (const auto& [id, item] : past) {
    if (item.target_id.empty()) continue;
    if (contents.find(item.target_id) != nullptr) {
      is_found(id, item.target_id);
    } else {
      ++found.missing;
    }
  }
  const auto arrived = [&](const PastSource& source) {
    const PastItem& item = past.at(source.entry.id);
    std::vector<std::string> ids = contents.candidates(source.entry, source.search_key, false);
    std::erase_if(ids, [&](const std::string& id) { return item.there_before.contains(id); });
    return ids;
  };
  std::map<std::string_view, std::size_t> of_key;
  for (const PastSource& source : unknown) ++of_key[source.search_key];
  // Of several of one key, or without one, equal bytes come first.
  std::vector<const PastSource*> left;
  for (const PastSource& source : unknown) {
    const std::vector<std::string> ids = arrived(source);
    const bool key_tells =
        !source.search_key.empty() && of_key[source.search_key] == 1 && ids.size() <= 1;
    std::string id;
    if (!key_tells) {
      const Equal equal = with_equal_bytes(ids, source.entry.content.sha256, hash);
      id = equal.id;
      if (equal.some_unread && source.search_key.empty()) found.unread.insert(source.entry.id);
    } else if (!ids.empty()) {
      id = ids.front();
    }
    if (!id.empty()) {
      is_found(source.entry.id, id);
    } else {
      left.push_back(&source);
    }
  }
  for (const PastSource* source : left) {
    const std::vector<std::string> ids =
        source->search_key.empty() ? std::vector<std::string>{} : arrived(*source);
    if (ids.empty()) {
      ++found.missing;
    } else {
      is_found(source->entry.id, ids.front());
    }
  }
  return found;
}

}  // namespace restore

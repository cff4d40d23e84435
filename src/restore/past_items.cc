#include "src/restore/past_items.h"

#include <algorithm>

namespace restore {
namespace {

// Of the items that it may be, one of its bytes; empty if there is none.
std::string with_equal_bytes(const std::vector<std::string>& ids, const base::Sha256& sha256,
                             const HashItems& hash) {
  if (ids.empty()) return {};
  for (const auto& [id, digest] : hash({ids.begin(), ids.end()})) {
    if (digest == sha256) return id;
  }
  return {};
}

}  // namespace

FoundPast find_past(const FolderPast& past, const std::vector<PastSource>& sources,
                    TargetContents& contents, const HashItems& hash) {
  FoundPast found;
  const auto is_found = [&](const std::string& id, const std::string& target_id) {
    contents.claim(target_id, id);
    found.target_ids[id] = target_id;
  };
  // What is known leaves less to guess about.
  for (const PastSource& source : sources) {
    const std::string& target_id = past.at(source.entry.id).target_id;
    if (!target_id.empty() && contents.find(target_id) != nullptr) {
      is_found(source.entry.id, target_id);
    }
  }
  for (const PastSource& source : sources) {
    const PastItem& item = past.at(source.entry.id);
    if (!item.target_id.empty()) continue;
    std::vector<std::string> ids = contents.candidates(source.entry, source.search_key, false);
    std::erase_if(ids, [&](const std::string& id) { return item.there_before.contains(id); });
    if (source.search_key.empty()) {
      const std::string id = with_equal_bytes(ids, source.entry.content.sha256, hash);
      if (!id.empty()) is_found(source.entry.id, id);
    } else if (!ids.empty()) {
      is_found(source.entry.id, ids.front());
    }
  }
  found.missing = sources.size() - found.target_ids.size();
  return found;
}

}  // namespace restore

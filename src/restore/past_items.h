// Which items of a target folder a restore that was cut off had made there.
#pragma once

#include "src/base/digest.h"
#include "src/restore/restore_journal.h"
#include "src/restore/target_contents.h"
#include "store/snapshot.h"

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace restore {

// An item of the restore point that was sent, and of which nobody knows what came.
struct PastSource {
  store::ItemEntry entry;
  std::string search_key;
};

struct FoundPast {
  std::map<std::string, std::string> target_ids;  // by id in the restore point
  // Sources without a search key that may be there: what they may be could not be read.
  std::set<std::string> unread;
  std::size_t missing = 0;  // not there, not listed yet, or unread
};

// SHA-256 of the exported streams of items of the target, by id.
using HashItems =
    std::function<std::map<std::string, base::Sha256>(const std::set<std::string>& ids)>;

// What is found is claimed: all that is known first, whatever source folder it came from. An item
// of unknown outcome is one of its search key that was not there before, and if several may be
// meant, one of its bytes; without a search key, only that. Throws what `hash` throws.
FoundPast find_past(const FolderPast& past, const std::vector<PastSource>& unknown,
                    TargetContents& contents, const HashItems& hash);

}  // namespace restore

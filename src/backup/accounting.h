// Every listed item ends as stored, unchanged, skipped or failed. Sums that do not close are never
// green.
#pragma once

#include "src/base/error.h"
#include "store/snapshot.h"

#include <string>

namespace backup {

// The notes of the last run, its snapshot and what this run did contradict each other.
class BrokenAccount : public base::Error {
 public:
  explicit BrokenAccount(const std::string& what_differs);
};

void add(store::ItemCounts& sum, const store::ItemCounts& part);

// Throws BrokenAccount, naming `whose`, unless listed = stored + unchanged + skipped + failed.
void require_closed(const store::ItemCounts& counts, const std::string& whose);

// Throws BrokenAccount unless the snapshot holds as many items as the folders' accounts say.
void require_equal(std::uint64_t in_snapshot, std::uint64_t accounted, const std::string& whose);

}  // namespace backup

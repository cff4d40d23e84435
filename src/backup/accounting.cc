#include "src/backup/accounting.h"

#include "src/base/text.h"

namespace backup {

using base::text;

BrokenAccount::BrokenAccount(const std::string& what_differs)
    : Error{base::ErrorKind::failed, text("the account does not close: ", what_differs)} {}

void add(store::ItemCounts& sum, const store::ItemCounts& part) {
  sum.listed += part.listed;
  sum.stored += part.stored;
  sum.unchanged += part.unchanged;
  sum.skipped += part.skipped;
  sum.failed += part.failed;
}

void require_closed(const store::ItemCounts& counts, const std::string& whose) {
  if (counts.listed == counts.stored + counts.unchanged + counts.skipped + counts.failed) return;
  throw BrokenAccount{text(whose, ": ", counts.listed, " items listed, but ", counts.stored,
                           " stored, ", counts.unchanged, " unchanged, ", counts.skipped,
                           " skipped and ", counts.failed, " failed")};
}

void require_equal(std::uint64_t in_snapshot, std::uint64_t accounted, const std::string& whose) {
  if (in_snapshot == accounted) return;
  throw BrokenAccount{text(whose, ": the snapshot holds ", in_snapshot,
                           " items, the folders account for ", accounted)};
}

}  // namespace backup

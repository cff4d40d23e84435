// Looking around in a restore point a page at a time: what one page costs does not grow with what
// lies before it.
#pragma once

#include "src/catalog/search.h"
#include "src/jobs/record.h"
#include "src/jobs/restore_point.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

struct ListedPage {
  std::vector<Record> records;
  std::string next;                    // what gives the page after it; empty: this is the last
  std::optional<std::uint64_t> total;  // of all pages
};

// What lies in the folder of that path (the mailbox root: empty), or in all of that path:
// {"type":"folder",...} of its subfolders, ordered by path, then {"type":"item",...} in the order
// of their ids. `after`: `next` of the page before; empty: the first. Reads the nodes on the way to
// the place, and `limit` entries from there. Error(not_found) for the folder, Error(usage) for an
// `after` that is none.
ListedPage list_page(const RestorePoint& point, const std::string& folder, std::string_view after,
                     std::size_t limit);

// {"type":"item",...} with "mailbox" and "snapshot": what the query finds in the whole restore
// point. A page ends at `limit` records, or when it has looked at `most_looked_at` items: it may
// have fewer records than that, or none, and go on all the same.
ListedPage find_page(const RestorePoint& point, const catalog::SearchQuery& query,
                     std::string_view after, std::size_t limit, std::size_t most_looked_at);

}  // namespace jobs

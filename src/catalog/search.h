// Finding items of restore points by what people remember of them: subject, sender, type, dates.
//
// Reads the display trees of the snapshots, streaming. Texts are compared as folding.h says.
#pragma once

#include "src/base/clock.h"
#include "store/repository.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace catalog {

// What is left empty matches everything.
struct SearchQuery {
  std::string subject{};     // a part of it
  std::string sender{};      // a part of the sender's name or address
  std::string item_class{};  // "IPM.Note" and its subclasses ("IPM.Note.SMIME"); or a glob
  // By the received time; by the sent, else the created time of items that were never received.
  std::optional<base::Instant> after{};   // at or after
  std::optional<base::Instant> before{};  // at or before
};

// The time by which people know an item.
std::optional<base::Instant> time_of(const store::ItemEntry& item,
                                     const store::ItemDisplay& display);

bool matches(const SearchQuery& query, const store::ItemEntry& item,
             const store::ItemDisplay& display);

// The same query against many items: the query's texts are folded once.
class Matcher {
 public:
  explicit Matcher(SearchQuery query);
  [[nodiscard]] bool operator()(const store::ItemEntry& item,
                                const store::ItemDisplay& display) const;

 private:
  SearchQuery query_;
};

// Every matching item of the restore point, in key order. Ends early when `on_found` returns false,
// and with Error(cancelled) when `stop` comes.
void search(const store::SnapshotReader& point, const SearchQuery& query,
            const store::SnapshotReader::OnDisplayedItem& on_found, std::stop_token stop);

}  // namespace catalog

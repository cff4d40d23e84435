// Items that came to another place under another id, and are what left the old one: what is stored
// of them stays theirs.
//
// Default ids of Outlook items change on a move (Graph: "Obtain immutable identifiers"); what a
// move leaves alone is the search key. That nothing else happened to the item, its change key, size
// and times say. Where a service gives a moved item another change key, it is exported: nobody
// could tell whether it was read or flagged on the way.
#pragma once

#include "src/graph/mailbox_service.h"
#include "store/snapshot.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace backup {

// Used by one thread, in the order of its functions. Memory: by the items that came, and those that
// left and resemble one of them.
class Relocations {
 public:
  // `base` outlives this.
  explicit Relocations(const store::SnapshotReader& base) : base_(base) {}

  // An item that is not stored where it is.
  void arrived(const graph::Item& item);
  // An item of the base that is not any more where it was.
  void left(const store::ItemEntry& item);

  // Whether anything came of which that could be said.
  [[nodiscard]] bool expects_any() const { return !known_.empty(); }
  // Whether one that left is of the same version, class, size and times.
  [[nodiscard]] bool resembles_any(const graph::Item& item) const;
  // The one that left which this item is; empty if none is, or nothing says so.
  [[nodiscard]] std::optional<store::ItemEntry> find(const graph::Item& item,
                                                     const std::string& search_key);

 private:
  using Facts = std::tuple<std::string, std::string, std::uint64_t, base::Instant, base::Instant>;
  struct Candidate {
    store::ItemEntry entry;
    std::string search_key;
  };
  template <typename Item>
  static std::optional<Facts> facts_of(const Item& item);
  void read_search_keys();

  const store::SnapshotReader& base_;
  std::map<Facts, std::vector<Candidate>> known_;  // of all that came
  bool keys_read_ = false;
};

}  // namespace backup

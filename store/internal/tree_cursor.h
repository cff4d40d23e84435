// Walking a sorted map: forward over the entries of one level, from any key.
#pragma once

#include "store/internal/tree_node.h"

#include <deque>
#include <optional>
#include <string_view>

namespace store {

// Reads only the nodes on the way. Memory: one node a level. Not thread-safe.
class TreeCursor {
 public:
  // `chunks` outlives the cursor. Without a root the map is empty. Entries of `level` 0 are those
  // of the map; those of a higher level are the nodes below it.
  TreeCursor(const ChunkStore& chunks, MapKind kind, const std::optional<ChunkId>& root,
             unsigned level = 0);

  // To the first entry whose key is not below `key`; false if there is none.
  bool seek(std::string_view key);
  // To the entry after this one; false if there is none.
  bool next();
  [[nodiscard]] bool at_end() const { return at_end_; }
  // To the last entry of a map that is not empty.
  void seek_last();

  // Of the entry it stands on.
  [[nodiscard]] const std::string& key() const { return entry().key; }
  [[nodiscard]] base::ByteView payload() const { return entry().payload; }
  // The node that the entry stands for; not at level 0.
  [[nodiscard]] TreeNode load() const {
    return read_child(*chunks_, kind_, path_.back().node, path_.back().position);
  }

 private:
  struct Step {
    TreeNode node;
    std::size_t position = 0;
  };
  [[nodiscard]] const TreeEntry& entry() const {
    return path_.back().node.entries()[path_.back().position];
  }
  // Reads down from the last step to the level of the entries; `position` finds it in each node.
  template <typename Position>
  void descend(Position position);

  const ChunkStore* chunks_;
  MapKind kind_;
  unsigned level_;
  std::deque<Step> path_;  // from the root down
  bool at_end_ = true;
};

// The value under a key; empty if there is none.
std::optional<base::Bytes> find_in_tree(const ChunkStore& chunks, MapKind kind,
                                        const std::optional<ChunkId>& root, std::string_view key);

// Of the whole map; reads the root only.
TreeTotals tree_totals(const ChunkStore& chunks, MapKind kind, const std::optional<ChunkId>& root);

}  // namespace store

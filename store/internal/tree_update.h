// Changing a sorted map: a new tree that shares every node with the old one that it can.
#pragma once

#include "store/internal/tree_node.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace store {

// The entries whose keys are not below `from` and below `to`.
struct KeyRange {
  std::string from;
  std::string to;
};

// Changes to a map. Entries of the old map in a removed range go; then every single change holds.
struct TreeEdits {
  std::vector<KeyRange> removed_ranges;                                    // ascending, apart
  std::map<std::string, std::optional<base::Bytes>, std::less<>> entries;  // empty: removed
};

// The root of the changed map; empty if nothing is left in it. For k changes about k leaves and the
// way to them are read and written, and a removed range costs its two ends. Equal maps have nodes
// with equal entries, whatever the changes that led to them; the roots are equal if the nodes are
// stored alike (node_difference.h), as they are if the same maps were made of the same one.
std::optional<ChunkId> update_tree(ChunkStore& chunks, MapKind kind,
                                   const std::optional<ChunkId>& root, TreeEdits edits);

}  // namespace store

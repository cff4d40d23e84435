// What differs between two sorted maps of one kind.
#pragma once

#include "store/internal/tree_node.h"

#include <functional>
#include <optional>
#include <string>

namespace store {

// In key order; the side that does not have the key is empty. The views last for the call.
using OnDifference =
    std::function<void(const std::string& key, const std::optional<base::ByteView>& left,
                       const std::optional<base::ByteView>& right)>;

// Reads only the subtrees that differ. Memory: one node a level of each tree.
void diff_trees(const ChunkStore& chunks, MapKind kind, const std::optional<ChunkId>& left,
                const std::optional<ChunkId>& right, const OnDifference& on_difference);

}  // namespace store

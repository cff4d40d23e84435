// Nodes that are stored as their difference from another one, so that a change to an entry costs
// about that entry and not the node.
//
// The other one is always stored as it is: reading takes one node more, never a chain. It belongs
// to the map that is being changed, or is what a node of that one is a difference from: whoever
// keeps this map from being pruned keeps it.
#pragma once

#include "store/chunk_store.h"
#include "store/internal/tree_node.h"

#include <optional>

namespace store {

// What these bytes are a difference from; empty if they are anything else.
std::optional<ChunkId> difference_base(base::ByteView bytes);

// Stores a node that takes the place of `old` in a changed map, and gives the id: the old one if
// nothing differs. A leaf of display metadata that has lost an entry is stored as it is: the
// subject of an item that is gone must not live on in what the others are told from.
ChunkId put_changed_node(ChunkStore& chunks, MapKind kind, const base::Bytes& bytes,
                         const TreeNode::Stored& old);

}  // namespace store

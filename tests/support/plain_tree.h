// Comparing sorted maps by what their nodes hold, however these are stored.
#pragma once

#include "store/internal/tree_node.h"

#include <optional>

namespace test {

// The root of the same nodes, each of them stored as it is.
inline std::optional<store::ChunkId> plain_root(store::ChunkStore& chunks, store::MapKind kind,
                                                const std::optional<store::ChunkId>& root) {
  if (!root) return std::nullopt;
  const store::TreeNode node = store::read_node(chunks, kind, *root);
  store::NodeBuilder builder{kind, node.level()};
  for (const store::TreeEntry& entry : node.entries()) {
    if (node.level() == 0) {
      builder.add(entry.key, entry.payload);
      continue;
    }
    store::NodeRef below = store::decode_node_ref(entry.payload);
    below.id = *plain_root(chunks, kind, below.id);
    builder.add(entry.key, store::encode(below));
  }
  return chunks.put(store::ChunkClass::metadata, builder.take().bytes).id;
}

}  // namespace test

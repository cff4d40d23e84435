#include "store/internal/tree_cursor.h"

#include "src/base/error.h"

namespace store {

TreeCursor::TreeCursor(const ChunkStore& chunks, MapKind kind, const std::optional<ChunkId>& root,
                       unsigned level)
    : chunks_(&chunks), kind_(kind), level_(level) {
  if (!root) return;
  path_.push_back({read_node(chunks, kind, *root)});
  base::check(path_.front().node.level() >= level, "a tree has the level that is walked");
}

bool TreeCursor::seek(std::string_view key) {
  if (path_.empty()) return false;
  // Up to the lowest node on the path that surely holds the place, then down.
  while (path_.size() > 1) {
    const TreeNode& node = path_.back().node;
    if (node.entries().front().key <= key && key <= node.last_key()) break;
    path_.pop_back();
  }
  Step& top = path_.back();
  top.position = top.node.lower_bound(key);
  at_end_ = top.position == top.node.entries().size();
  if (at_end_) return false;
  descend([&](const TreeNode& node) { return node.lower_bound(key); });
  return true;
}

bool TreeCursor::next() {
  if (at_end_) return false;
  while (++path_.back().position == path_.back().node.entries().size()) {
    if (path_.size() == 1) {
      at_end_ = true;
      return false;
    }
    path_.pop_back();
  }
  descend([](const TreeNode&) { return std::size_t{0}; });
  return true;
}

void TreeCursor::seek_last() {
  const auto last = [](const TreeNode& node) { return node.entries().size() - 1; };
  path_.erase(path_.begin() + 1, path_.end());
  path_.back().position = last(path_.back().node);
  at_end_ = false;
  descend(last);
}

template <typename Position>
void TreeCursor::descend(Position position) {
  while (path_.back().node.level() > level_) {
    const Step& above = path_.back();
    Step below{read_child(*chunks_, kind_, above.node, above.position)};
    below.position = position(below.node);
    path_.push_back(std::move(below));
  }
}

std::optional<base::Bytes> find_in_tree(const ChunkStore& chunks, MapKind kind,
                                        const std::optional<ChunkId>& root, std::string_view key) {
  TreeCursor cursor{chunks, kind, root};
  if (!cursor.seek(key) || cursor.key() != key) return std::nullopt;
  return base::to_bytes(cursor.payload());
}

TreeTotals tree_totals(const ChunkStore& chunks, MapKind kind, const std::optional<ChunkId>& root) {
  return root ? read_node(chunks, kind, *root).totals() : TreeTotals{};
}

}  // namespace store

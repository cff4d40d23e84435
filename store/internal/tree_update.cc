#include "store/internal/tree_update.h"

#include "src/base/error.h"
#include "store/internal/node_difference.h"
#include "store/internal/tree_cursor.h"

#include <deque>
#include <memory>
#include <utility>

namespace store {
namespace {

// A node as the level above knows it.
struct KnownNode {
  std::string key;
  NodeRef ref;
};

struct PointEdit {
  std::string key;
  std::optional<base::Bytes> payload;
};

// What changes in one level of a tree. Ranges take old entries only; points win over them.
struct LevelEdits {
  std::deque<KeyRange> ranges;
  std::deque<PointEdit> points;

  [[nodiscard]] bool empty() const { return ranges.empty() && points.empty(); }
};

// The nodes of one level of a tree, in order. The root has no parent to know it by; it is a level
// of one node.
class NodeSequence {
 public:
  NodeSequence(const ChunkStore& chunks, MapKind kind, const ChunkId& root, unsigned height,
               unsigned level)
      : chunks_(&chunks), kind_(kind) {
    if (level < height) {
      parents_.emplace(chunks, kind, root, level + 1);
    } else {
      const TreeNode node = read_node(chunks, kind, root);
      root_key_ = node.last_key();
      root_ref_ = {root, node.totals()};
    }
  }

  // To the node that holds the first entry not below `key`.
  bool seek(std::string_view key) { return parents_ ? parents_->seek(key) : key <= root_key_; }
  bool next() { return parents_ && parents_->next(); }
  // To the node after which new entries at the end go.
  void seek_last() {
    if (parents_) parents_->seek_last();
  }

  [[nodiscard]] const std::string& key() const { return parents_ ? parents_->key() : root_key_; }
  [[nodiscard]] NodeRef ref() const {
    return parents_ ? decode_node_ref(parents_->payload()) : root_ref_;
  }
  [[nodiscard]] TreeNode load() const {
    return parents_ ? parents_->load() : read_node(*chunks_, kind_, root_ref_.id);
  }

 private:
  const ChunkStore* chunks_;
  MapKind kind_;
  std::optional<TreeCursor> parents_;
  std::string root_key_;
  NodeRef root_ref_;
};

// Rewrites one level of a tree from the first changed node of each stretch until the nodes are the
// old ones again, and says what that changes in the level above.
class LevelRewriter {
 public:
  // `old` outlives the rewriter; null if the level is new.
  LevelRewriter(ChunkStore& chunks, MapKind kind, unsigned level, NodeSequence* old,
                LevelEdits edits)
      : chunks_(&chunks), kind_(kind), old_(old), edits_(std::move(edits)), builder_(kind, level) {}

  LevelEdits run() {
    if (old_ == nullptr) {
      edits_.ranges.clear();
      add_rest();
    }
    while (!edits_.empty()) {
      if (!old_->seek(first_change())) old_->seek_last();
      rewrite_stretch();
    }
    return edits_above();
  }

  // Every node of this level that is not an old one left alone. To be called after run().
  [[nodiscard]] const std::vector<KnownNode>& written() const { return written_; }

 private:
  [[nodiscard]] std::string first_change() const {
    if (edits_.points.empty()) return edits_.ranges.front().from;
    if (edits_.ranges.empty()) return edits_.points.front().key;
    return std::min(edits_.points.front().key, edits_.ranges.front().from);
  }

  void rewrite_stretch() {
    for (;;) {
      rewrite_node();
      if (!to_next_node()) {
        edits_.ranges.clear();
        add_rest();
        return;
      }
      if (builder_.empty() && (edits_.empty() || first_change() > old_->key())) return;
    }
  }

  // Merges the changes into the entries of the node that `old_` stands on.
  void rewrite_node() {
    current_ = TreeNode::Stored{old_->ref().id, std::make_shared<const TreeNode>(old_->load())};
    for (const TreeEntry& entry : current_->node->entries()) {
      while (!edits_.points.empty() && edits_.points.front().key < entry.key) add_point();
      if (!edits_.points.empty() && edits_.points.front().key == entry.key) {
        add_point();
      } else if (!is_in_range(entry.key)) {
        add(entry.key, entry.payload);
      }
    }
    replaced_.push_back({old_->key(), old_->ref()});
  }

  // Keys ascend from call to call.
  bool is_in_range(const std::string& key) {
    while (!edits_.ranges.empty() && edits_.ranges.front().to <= key) edits_.ranges.pop_front();
    return !edits_.ranges.empty() && edits_.ranges.front().from <= key;
  }

  // Steps over the nodes that lie in a removed range whole, without reading them.
  bool to_next_node() {
    if (!is_in_range(old_->key())) return old_->next();
    const KeyRange& range = edits_.ranges.front();
    above_.ranges.push_back(range);
    return old_->seek(range.to);
  }

  void add_point() {
    const PointEdit point = std::move(edits_.points.front());
    edits_.points.pop_front();
    if (point.payload) add(point.key, *point.payload);
  }

  void add_rest() {
    while (!edits_.points.empty()) add_point();
    if (!builder_.empty()) close_node();
  }

  void add(std::string_view key, base::ByteView payload) {
    if (builder_.empty()) place_of_ = current_;
    if (builder_.add(key, payload)) close_node();
  }

  void close_node() {
    NodeBuilder::Built node = builder_.take();
    const ChunkId id = place_of_ ? put_changed_node(*chunks_, kind_, node.bytes, *place_of_)
                                 : chunks_->put(ChunkClass::metadata, node.bytes).id;
    written_.push_back({std::move(node.last_key), NodeRef{id, node.totals}});
  }

  // Both lists ascend. A node that came out as it was changes nothing above.
  LevelEdits edits_above() {
    auto old = replaced_.begin();
    auto fresh = written_.begin();
    while (old != replaced_.end() || fresh != written_.end()) {
      if (fresh == written_.end() || (old != replaced_.end() && old->key < fresh->key)) {
        above_.points.push_back({old->key, std::nullopt});
        ++old;
        continue;
      }
      const bool replaces = old != replaced_.end() && old->key == fresh->key;
      if (!replaces || old->ref != fresh->ref) {
        above_.points.push_back({fresh->key, encode(fresh->ref)});
      }
      if (replaces) ++old;
      ++fresh;
    }
    return std::move(above_);
  }

  ChunkStore* chunks_;
  MapKind kind_;
  NodeSequence* old_;
  LevelEdits edits_;
  NodeBuilder builder_;
  std::optional<TreeNode::Stored> current_;   // the old node whose entries are being taken
  std::optional<TreeNode::Stored> place_of_;  // the one in which the node being built began
  std::vector<KnownNode> replaced_;
  std::vector<KnownNode> written_;
  LevelEdits above_;
};

LevelEdits level_edits(TreeEdits edits) {
  LevelEdits level;
  level.ranges.assign(edits.removed_ranges.begin(), edits.removed_ranges.end());
  while (!edits.entries.empty()) {
    const auto entry = edits.entries.begin();
    level.points.push_back({entry->first, std::move(entry->second)});
    edits.entries.erase(entry);  // one of the two at a time is enough
  }
  return level;
}

// A root with one entry is a level too many.
ChunkId without_needless_levels(const ChunkStore& chunks, MapKind kind, ChunkId root) {
  for (;;) {
    const TreeNode node = read_node(chunks, kind, root);
    if (node.level() == 0 || node.entries().size() > 1) return root;
    root = decode_node_ref(node.entries().front().payload).id;
  }
}

}  // namespace

std::optional<ChunkId> update_tree(ChunkStore& chunks, MapKind kind,
                                   const std::optional<ChunkId>& root, TreeEdits edits) {
  LevelEdits level_changes = level_edits(std::move(edits));
  if (level_changes.empty()) return root;
  const unsigned height = root ? read_node(chunks, kind, *root).level() : 0;
  for (unsigned level = 0;; ++level) {
    std::optional<NodeSequence> old;
    if (root && level <= height) old.emplace(chunks, kind, *root, height, level);
    LevelRewriter rewriter{chunks, kind, level, old ? &*old : nullptr, std::move(level_changes)};
    level_changes = rewriter.run();
    if (old && level_changes.empty()) return root;
    if (root && level < height) continue;
    // No old node is left at this level: what was written is all of it.
    const std::vector<KnownNode>& nodes = rewriter.written();
    if (nodes.empty()) return std::nullopt;
    if (nodes.size() == 1) return without_needless_levels(chunks, kind, nodes.front().ref.id);
    level_changes = {};
    for (const KnownNode& node : nodes) {
      level_changes.points.push_back({node.key, encode(node.ref)});
    }
  }
}

}  // namespace store

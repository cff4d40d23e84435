#include "store/internal/tree_diff.h"

#include <deque>

namespace store {
namespace {

// Stands before a subtree that is not read yet, or on an entry of a leaf.
class SubtreeWalk {
 public:
  SubtreeWalk(const ChunkStore& chunks, MapKind kind, const std::optional<ChunkId>& root)
      : chunks_(&chunks), kind_(kind), root_(root) {}

  [[nodiscard]] bool at_end() const { return path_.empty() && !root_; }
  [[nodiscard]] bool at_entry() const { return !root_ && path_.back().node.level() == 0; }
  [[nodiscard]] const TreeEntry& entry() const {
    return path_.back().node.entries()[path_.back().position];
  }
  // Of the subtree it stands before: its root, and how high that is. The level of the whole tree is
  // known only when it is read.
  [[nodiscard]] ChunkId subtree() const {
    return root_ ? *root_ : decode_node_ref(entry().payload).id;
  }
  [[nodiscard]] unsigned subtree_level() const {
    return root_ ? kUnreadRoot : path_.back().node.level() - 1;
  }
  // Every key not passed yet is above it.
  [[nodiscard]] const std::optional<std::string>& passed() const { return passed_; }

  // Into the subtree.
  void enter() {
    if (root_) {
      path_.push_back({read_node(*chunks_, kind_, *root_)});
      root_.reset();
      return;
    }
    const Step& above = path_.back();
    path_.push_back({read_child(*chunks_, kind_, above.node, above.position)});
  }

  // Past the subtree or the entry.
  void skip() {
    if (root_) {
      root_.reset();
      return;
    }
    passed_ = entry().key;
    while (!path_.empty() && ++path_.back().position == path_.back().node.entries().size()) {
      path_.pop_back();
    }
  }

 private:
  static constexpr unsigned kUnreadRoot = ~0U;
  struct Step {
    TreeNode node;
    std::size_t position = 0;
  };

  const ChunkStore* chunks_;
  MapKind kind_;
  std::optional<ChunkId> root_;  // until it is read
  std::deque<Step> path_;
  std::optional<std::string> passed_;
};

// The entry's key cannot be among those that the other side has still to show.
bool is_only_here(const SubtreeWalk& here, const SubtreeWalk& other) {
  return other.at_end() || (other.passed() && here.entry().key <= *other.passed());
}

class Difference {
 public:
  Difference(SubtreeWalk left, SubtreeWalk right, const OnDifference& on_difference)
      : left_(std::move(left)), right_(std::move(right)), on_difference_(on_difference) {}

  void run() {
    while (!left_.at_end() || !right_.at_end()) step();
  }

 private:
  void step() {
    const bool left_entry = !left_.at_end() && left_.at_entry();
    const bool right_entry = !right_.at_end() && right_.at_entry();
    if (left_entry && right_entry) {
      compare_entries();
    } else if (left_entry) {
      if (is_only_here(left_, right_)) {
        show_left();
      } else {
        right_.enter();
      }
    } else if (right_entry) {
      if (is_only_here(right_, left_)) {
        show_right();
      } else {
        left_.enter();
      }
    } else {
      compare_subtrees();
    }
  }

  void compare_entries() {
    const TreeEntry& left = left_.entry();
    const TreeEntry& right = right_.entry();
    if (left.key < right.key) return show_left();
    if (right.key < left.key) return show_right();
    if (!std::equal(left.payload.begin(), left.payload.end(), right.payload.begin(),
                    right.payload.end())) {
      on_difference_(left.key, left.payload, right.payload);
    }
    left_.skip();
    right_.skip();
  }

  void compare_subtrees() {
    if (left_.at_end()) return right_.enter();
    if (right_.at_end()) return left_.enter();
    if (left_.subtree() == right_.subtree()) {
      left_.skip();
      right_.skip();
      return;
    }
    const unsigned left_level = left_.subtree_level();
    const unsigned right_level = right_.subtree_level();
    if (left_level >= right_level) left_.enter();
    if (right_level >= left_level) right_.enter();
  }

  void show_left() {
    on_difference_(left_.entry().key, left_.entry().payload, std::nullopt);
    left_.skip();
  }
  void show_right() {
    on_difference_(right_.entry().key, std::nullopt, right_.entry().payload);
    right_.skip();
  }

  SubtreeWalk left_;
  SubtreeWalk right_;
  const OnDifference& on_difference_;
};

}  // namespace

void diff_trees(const ChunkStore& chunks, MapKind kind, const std::optional<ChunkId>& left,
                const std::optional<ChunkId>& right, const OnDifference& on_difference) {
  Difference{{chunks, kind, left}, {chunks, kind, right}, on_difference}.run();
}

}  // namespace store

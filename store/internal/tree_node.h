// The nodes of the sorted maps: what a chunk of a map holds, and where one node ends and the next
// begins.
//
// The end of a node depends on its own entries only, never on how the map came to hold them: equal
// maps have equal nodes. A node may be stored as it is, or as its difference from another one
// (node_difference.h).
#pragma once

#include "src/base/bytes.h"
#include "store/chunk_store.h"
#include "store/ids.h"
#include "store/fields.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

// Which map a node belongs to; part of the format.
enum class MapKind : std::uint8_t { folders = 'F', items = 'I', display = 'D' };

// Of all entries below a place in a tree.
struct TreeTotals {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  // of the streams that the entries of an item map name

  bool operator==(const TreeTotals&) const = default;
};

// A node as its parent knows it, under the last key of the node.
struct NodeRef {
  ChunkId id;
  TreeTotals totals;

  bool operator==(const NodeRef&) const = default;
};

base::Bytes encode(const NodeRef& ref);
NodeRef decode_node_ref(base::ByteView payload);

// The version octets of a node that is stored as it is, and of a difference.
inline constexpr std::uint8_t kNodeVersion = 1;
inline constexpr std::uint8_t kDifferenceVersion = 2;

// Longer ones are refused by TreeBuilder's caller; a mailbox has none.
inline constexpr std::size_t kLongestKeyBytes = 4096;
inline constexpr std::size_t kLongestPayloadBytes = std::size_t{1} << 20;

struct TreeEntry {
  std::string key;
  base::ByteView payload;  // a value in a leaf, a NodeRef above; lies in the node

  [[nodiscard]] bool is_same_as(const TreeEntry& other) const {
    return key == other.key && std::ranges::equal(payload, other.payload);
  }
};

class TreeNode {
 public:
  // A node, and the id that it is stored under.
  struct Stored {
    ChunkId id;
    std::shared_ptr<const TreeNode> node;
  };

  // Throws Error(corrupt) unless the bytes are a node of that map that holds together; both do.
  static TreeNode decode(base::Bytes bytes, MapKind kind);
  // From the bytes of its difference from `base`, which is the one that these name.
  static TreeNode decode_difference(base::Bytes bytes, MapKind kind, Stored base);

  TreeNode(TreeNode&&) noexcept = default;
  TreeNode& operator=(TreeNode&&) noexcept = default;
  ~TreeNode() = default;

  [[nodiscard]] unsigned level() const { return level_; }  // 0: a leaf
  // Ascending; never empty.
  [[nodiscard]] const std::vector<TreeEntry>& entries() const { return entries_; }
  [[nodiscard]] const std::string& last_key() const { return entries_.back().key; }
  [[nodiscard]] const TreeTotals& totals() const { return totals_; }
  [[nodiscard]] std::size_t size_bytes() const { return bytes_.size(); }
  // What it is stored as a difference from; empty if it is stored as it is.
  [[nodiscard]] const std::optional<Stored>& base() const { return base_; }
  [[nodiscard]] bool has_same_entries_as(const TreeNode& other) const;
  // The position of the first entry whose key is not below `key`.
  [[nodiscard]] std::size_t lower_bound(std::string_view key) const;

 private:
  TreeNode() = default;
  void decode_head(FieldReader& fields, MapKind kind, std::uint8_t version);
  void add_entry(MapKind kind, TreeEntry entry);

  base::Bytes bytes_;
  std::optional<Stored> base_;  // entries may lie in it
  unsigned level_ = 0;
  std::vector<TreeEntry> entries_;
  TreeTotals totals_;
};

// Reads a node; `what` the parent knows of it must hold. Error(corrupt) otherwise.
TreeNode read_node(const ChunkStore& chunks, MapKind kind, const ChunkId& id);
TreeNode read_child(const ChunkStore& chunks, MapKind kind, const TreeNode& parent,
                    std::size_t entry);

// Takes the entries of one level, in ascending order, and says where nodes end.
class NodeBuilder {
 public:
  NodeBuilder(MapKind kind, unsigned level) : kind_(kind), level_(level) {}

  // The entry is in the node; true if the node ends with it.
  bool add(std::string_view key, base::ByteView payload);
  [[nodiscard]] bool empty() const { return count_ == 0; }

  struct Built {
    std::string last_key;
    base::Bytes bytes;
    TreeTotals totals;
  };
  // The node so far; the builder starts the next one.
  Built take();

 private:
  [[nodiscard]] bool ends(std::string_view key, std::size_t entry_bytes) const;

  MapKind kind_;
  unsigned level_;
  FieldWriter entries_;
  std::uint64_t count_ = 0;
  std::string last_key_;
  TreeTotals totals_;
};

}  // namespace store

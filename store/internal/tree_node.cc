#include "store/internal/tree_node.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/node_difference.h"
#include "store/internal/node_entry.h"
#include "store/internal/stream_content.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace store {
namespace {

constexpr std::string_view kWhat = "a node of a mailbox listing";
// Inner nodes have two entries or more (the last of a level aside): no tree is as high.
constexpr unsigned kHighestLevel = 40;

// FORMAT.md says what these sizes cost and gain.
constexpr std::size_t kLeastNodeBytes = 512;
constexpr std::size_t kUsualNodeBytes = 2048;
constexpr std::size_t kMostNodeBytes = 8 * 1024;

// FNV-1a with a final mix: spreads keys evenly, which is all it must do.
std::uint64_t spread(unsigned level, std::string_view key) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ level;
  for (const char letter : key) {
    hash ^= static_cast<std::uint8_t>(letter);
    hash *= 0x100000001b3U;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdU;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53U;
  return hash ^ (hash >> 33);
}

[[noreturn]] void fail(std::string_view problem) {
  throw base::Error{base::ErrorKind::corrupt, base::text(kWhat, " ", problem)};
}

void add_up(std::uint64_t& sum, std::uint64_t more) {
  if (more > std::numeric_limits<std::uint64_t>::max() - sum) fail("counts more than there can be");
  sum += more;
}

// What one entry adds to the totals of its node.
TreeTotals totals_of(MapKind kind, unsigned level, base::ByteView payload) {
  if (level > 0) return decode_node_ref(payload).totals;
  if (kind != MapKind::items) return {1, 0};
  return {1, FieldReader{payload, kWhat}.number()};
}

void add_up(TreeTotals& sum, const TreeTotals& more) {
  add_up(sum.entries, more.entries);
  add_up(sum.bytes, more.bytes);
}

}  // namespace

base::Bytes encode(const NodeRef& ref) {
  FieldWriter fields;
  fields.raw(ref.id.view());
  fields.number(ref.totals.entries);
  fields.number(ref.totals.bytes);
  return fields.take();
}

NodeRef decode_node_ref(base::ByteView payload) {
  FieldReader fields{payload, kWhat};
  NodeRef ref;
  ref.id = fields.fixed<ChunkId>();
  ref.totals.entries = fields.number();
  ref.totals.bytes = fields.number();
  fields.finish();
  return ref;
}

TreeNode TreeNode::decode(base::Bytes bytes, MapKind kind) {
  TreeNode node;
  node.bytes_ = std::move(bytes);
  FieldReader fields{node.bytes_, kWhat};
  node.decode_head(fields, kind, kNodeVersion);
  const std::uint64_t count = fields.number_up_to(node.bytes_.size());
  if (count == 0) fail("is empty");
  for (std::uint64_t i = 0; i < count; ++i) {
    node.add_entry(kind, read_entry(fields, i == 0 ? std::string_view{} : node.last_key()));
  }
  fields.finish();
  return node;
}

void TreeNode::decode_head(FieldReader& fields, MapKind kind, std::uint8_t version) {
  if (fields.octet() != static_cast<std::uint8_t>(kind)) fail("is something else");
  if (fields.octet() != version) fail("has an unknown version");
  level_ = fields.octet();
  if (level_ > kHighestLevel) fail("is too high");
}

void TreeNode::add_entry(MapKind kind, TreeEntry entry) {
  if (!entries_.empty() && entry.key <= entries_.back().key) fail("is out of order");
  add_up(totals_, totals_of(kind, level_, entry.payload));
  entries_.push_back(std::move(entry));
}

bool TreeNode::has_same_entries_as(const TreeNode& other) const {
  return level_ == other.level_ &&
         std::ranges::equal(
             entries_, other.entries_,
             [](const TreeEntry& left, const TreeEntry& right) { return left.is_same_as(right); });
}

std::size_t TreeNode::lower_bound(std::string_view key) const {
  const auto found = std::lower_bound(
      entries_.begin(), entries_.end(), key,
      [](const TreeEntry& entry, std::string_view sought) { return entry.key < sought; });
  return static_cast<std::size_t>(found - entries_.begin());
}

TreeNode read_node(const ChunkStore& chunks, MapKind kind, const ChunkId& id) {
  base::Bytes bytes = read_chunk(chunks, id);
  const std::optional<ChunkId> base = difference_base(bytes);
  if (!base) return TreeNode::decode(std::move(bytes), kind);
  auto whole = std::make_shared<const TreeNode>(TreeNode::decode(read_chunk(chunks, *base), kind));
  return TreeNode::decode_difference(std::move(bytes), kind, {*base, std::move(whole)});
}

TreeNode read_child(const ChunkStore& chunks, MapKind kind, const TreeNode& parent,
                    std::size_t entry) {
  const TreeEntry& known = parent.entries()[entry];
  const NodeRef ref = decode_node_ref(known.payload);
  TreeNode child = read_node(chunks, kind, ref.id);
  if (child.level() + 1 != parent.level() || child.last_key() != known.key ||
      child.totals() != ref.totals) {
    fail("does not fit the node above it");
  }
  return child;
}

bool NodeBuilder::add(std::string_view key, base::ByteView payload) {
  base::check(empty() || last_key_ < key, "entries of a node ascend");
  base::check(key.size() <= kLongestKeyBytes && payload.size() <= kLongestPayloadBytes,
              "keys and values of a map are bounded");
  const std::size_t before = entries_.bytes().size();
  write_entry(entries_, last_key_, key, payload);
  ++count_;
  last_key_ = key;
  add_up(totals_, totals_of(kind_, level_, payload));
  return ends(key, entries_.bytes().size() - before);
}

bool NodeBuilder::ends(std::string_view key, std::size_t entry_bytes) const {
  // A level of nodes with one entry each would be as long as the one below it, forever.
  if (level_ > 0 && count_ < 2) return false;
  const std::size_t size = entries_.bytes().size();
  if (size < kLeastNodeBytes) return false;
  if (size >= kMostNodeBytes) return true;
  constexpr std::uint64_t kRange = std::uint64_t{1} << 32;
  constexpr std::uint64_t kChancePerByte = kRange / (kUsualNodeBytes - kLeastNodeBytes);
  return spread(level_, key) >> 32 < entry_bytes * kChancePerByte;
}

NodeBuilder::Built NodeBuilder::take() {
  FieldWriter node;
  node.octet(static_cast<std::uint8_t>(kind_));
  node.octet(kNodeVersion);
  node.octet(static_cast<std::uint8_t>(level_));
  node.number(std::exchange(count_, 0));
  node.raw(entries_.bytes());
  entries_ = {};
  return {std::exchange(last_key_, {}), node.take(), std::exchange(totals_, {})};
}

}  // namespace store

#include "store/internal/node_difference.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/node_entry.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace store {
namespace {

constexpr std::string_view kWhat = "a difference between nodes of a mailbox listing";
constexpr std::size_t kHeadBytes = 3;
// A difference must be worth reading another node for.
constexpr std::size_t kLeastSaving = 2;

// What becomes of an entry of the base.
struct Edit {
  std::size_t position = 0;
  std::optional<base::ByteView> payload;  // empty: the entry goes
};

// From an entry list to another one, both ascending.
struct Difference {
  std::vector<Edit> edits;  // ascending
  std::vector<TreeEntry> added;

  [[nodiscard]] bool removes_entries() const {
    return std::ranges::any_of(edits, [](const Edit& edit) { return !edit.payload; });
  }
};

Difference difference_between(const TreeNode& base, const TreeNode& node) {
  Difference difference;
  auto fresh = node.entries().begin();
  for (std::size_t i = 0; i < base.entries().size(); ++i) {
    const TreeEntry& old = base.entries()[i];
    while (fresh != node.entries().end() && fresh->key < old.key) {
      difference.added.push_back(*fresh++);
    }
    if (fresh == node.entries().end() || fresh->key != old.key) {
      difference.edits.push_back({i, std::nullopt});
      continue;
    }
    if (!fresh->is_same_as(old)) difference.edits.push_back({i, fresh->payload});
    ++fresh;
  }
  difference.added.insert(difference.added.end(), fresh, node.entries().end());
  return difference;
}

base::Bytes encode(const Difference& difference, MapKind kind, unsigned level,
                   const ChunkId& base) {
  FieldWriter fields;
  fields.octet(static_cast<std::uint8_t>(kind));
  fields.octet(kDifferenceVersion);
  fields.octet(static_cast<std::uint8_t>(level));
  fields.raw(base.view());
  fields.number(difference.edits.size());
  std::size_t next = 0;
  for (const Edit& edit : difference.edits) {
    fields.number(edit.position - next);
    fields.number(edit.payload ? edit.payload->size() + 1 : 0);
    if (edit.payload) fields.raw(*edit.payload);
    next = edit.position + 1;
  }
  fields.number(difference.added.size());
  std::string_view before;
  for (const TreeEntry& entry : difference.added) {
    write_entry(fields, before, entry.key, entry.payload);
    before = entry.key;
  }
  return fields.take();
}

// What follows the head. `entries`: how many the base has.
Difference read_difference(FieldReader& fields, std::size_t entries) {
  Difference difference;
  std::size_t next = 0;
  for (std::uint64_t left = fields.number_up_to(entries); left > 0; --left) {
    if (next == entries) fields.fail("changes entries that are not there");
    Edit edit;
    edit.position = next + fields.number_up_to(entries - next - 1);
    const std::size_t size = fields.number_up_to(kLongestPayloadBytes + 1);
    if (size > 0) edit.payload = fields.raw(size - 1);
    next = edit.position + 1;
    difference.edits.push_back(edit);
  }
  std::string_view before;
  for (std::uint64_t left = fields.number_up_to(fields.left()); left > 0; --left) {
    TreeEntry entry = read_entry(fields, before);
    if (!difference.added.empty() && entry.key <= before) fields.fail("is out of order");
    difference.added.push_back(std::move(entry));
    before = difference.added.back().key;
  }
  fields.finish();
  return difference;
}

}  // namespace

std::optional<ChunkId> difference_base(base::ByteView bytes) {
  if (bytes.size() < kHeadBytes + ChunkId::kSizeBytes) return std::nullopt;
  if (bytes[1] != std::byte{kDifferenceVersion}) return std::nullopt;
  return ChunkId::from(bytes.subspan(kHeadBytes, ChunkId::kSizeBytes));
}

TreeNode TreeNode::decode_difference(base::Bytes bytes, MapKind kind, Stored base) {
  TreeNode node;
  node.bytes_ = std::move(bytes);
  FieldReader fields{node.bytes_, kWhat};
  node.decode_head(fields, kind, kDifferenceVersion);
  if (fields.fixed<ChunkId>() != base.id) fields.fail("is from another one");
  if (base.node->base()) fields.fail("is from a difference");
  if (base.node->level() != node.level()) fields.fail("is from a node of another level");
  const std::vector<TreeEntry>& old = base.node->entries();
  Difference difference = read_difference(fields, old.size());
  auto edit = difference.edits.begin();
  auto added = difference.added.begin();
  for (std::size_t i = 0; i < old.size(); ++i) {
    while (added != difference.added.end() && added->key < old[i].key) {
      node.add_entry(kind, std::move(*added++));
    }
    TreeEntry entry = old[i];
    if (edit != difference.edits.end() && edit->position == i) {
      const std::optional<base::ByteView> payload = edit++->payload;
      if (!payload) continue;
      entry.payload = *payload;
    }
    node.add_entry(kind, std::move(entry));
  }
  while (added != difference.added.end()) node.add_entry(kind, std::move(*added++));
  if (node.entries_.empty()) fields.fail("leaves nothing");
  node.base_ = std::move(base);
  return node;
}

ChunkId put_changed_node(ChunkStore& chunks, MapKind kind, const base::Bytes& bytes,
                         const TreeNode::Stored& old) {
  const TreeNode node = TreeNode::decode(bytes, kind);
  if (node.has_same_entries_as(*old.node)) return old.id;
  const TreeNode::Stored& base = old.node->base() ? *old.node->base() : old;
  if (base.node->level() == node.level()) {
    const Difference difference = difference_between(*base.node, node);
    const bool tells_of_items = kind == MapKind::display && node.level() == 0;
    if (!tells_of_items || !difference.removes_entries()) {
      const base::Bytes encoded = encode(difference, kind, node.level(), base.id);
      if (encoded.size() * kLeastSaving <= bytes.size()) {
        return chunks.put(ChunkClass::metadata, encoded).id;
      }
    }
  }
  return chunks.put(ChunkClass::metadata, bytes).id;
}

}  // namespace store

#include "store/internal/tree_node.h"

#include "src/base/text.h"
#include "store/internal/node_difference.h"
#include "tests/fuzz/targets.h"

#include <memory>

namespace fuzz {
namespace {

using base::ErrorKind;
using store::MapKind;
using store::TreeNode;

void check_node(const TreeNode& node, MapKind kind) {
  store::NodeBuilder builder{kind, node.level()};
  for (const store::TreeEntry& entry : node.entries()) builder.add(entry.key, entry.payload);
  const store::NodeBuilder::Built built = builder.take();
  hold(built.totals == node.totals() && built.last_key == node.last_key(),
       "a node that is built again counts the same");
  const TreeNode again = TreeNode::decode(built.bytes, kind);
  hold(again.entries().size() == node.entries().size(), "a node keeps its entries");
  for (std::size_t i = 0; i < node.entries().size(); ++i) {
    const store::TreeEntry& entry = node.entries()[i];
    hold(again.entries()[i].key == entry.key &&
             std::ranges::equal(again.entries()[i].payload, entry.payload),
         "an entry is what it was");
    hold(node.lower_bound(entry.key) == i, "every entry is found by its key");
  }
}

// Whatever it says that it is a difference from, it gets the same node of six entries.
void check_difference(base::ByteView input, MapKind kind) {
  const auto id = store::difference_base(input);
  if (!id) return;
  store::NodeBuilder builder{kind, 0};
  const base::Bytes payload(12, std::byte{7});
  for (int i = 0; i < 6; ++i) builder.add(base::text("item ", i), payload);
  const auto base = std::make_shared<const TreeNode>(TreeNode::decode(builder.take().bytes, kind));
  const auto node = unless_refused({ErrorKind::corrupt}, [&] {
    return TreeNode::decode_difference(base::to_bytes(input), kind, {*id, base});
  });
  if (!node) return;
  hold(node->base().has_value(), "a difference tells what it is from");
  check_node(*node, kind);
}

}  // namespace

void fuzz_tree_node(base::ByteView input) {
  unsigned accepted = 0;
  for (const MapKind kind : {MapKind::folders, MapKind::items, MapKind::display}) {
    const auto node = unless_refused({ErrorKind::corrupt},
                                     [&] { return TreeNode::decode(base::to_bytes(input), kind); });
    check_difference(input, kind);
    if (!node) continue;
    ++accepted;
    check_node(*node, kind);
  }
  hold(accepted <= 1, "a node belongs to one map");
  const auto ref =
      unless_refused({ErrorKind::corrupt}, [&] { return store::decode_node_ref(input); });
  if (ref) hold(std::ranges::equal(store::encode(*ref), input), "a reference has one encoding");
}

}  // namespace fuzz

#include "store/internal/reachability.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/entries.h"
#include "store/internal/recipe.h"
#include "store/internal/stream_content.h"
#include "store/internal/tree_node.h"

#include <optional>

namespace store {
namespace {

class Walk {
 public:
  Walk(const ChunkStore& chunks, const Reached& reached) : chunks_(&chunks), reached_(&reached) {}

  void map(MapKind kind, const std::optional<ChunkId>& root) {
    if (root && enter(*root)) node(kind, read_node(*chunks_, kind, *root));
  }

  void content(const ContentRef& content) {
    if (content.size_bytes == 0) return;
    if (content.is_recipe) {
      recipe(content.chunk);
    } else {
      reached_->on_data(content.chunk);
    }
  }

 private:
  [[nodiscard]] bool enter(const ChunkId& id) const {
    return reached_->on_metadata(id) == Reach::descend;
  }

  void node(MapKind kind, const TreeNode& node) {
    if (node.base()) reached_->on_base(node.base()->id);
    for (std::size_t i = 0; i < node.entries().size(); ++i) {
      const TreeEntry& entry = node.entries()[i];
      if (node.level() > 0) {
        if (enter(decode_node_ref(entry.payload).id)) {
          this->node(kind, read_child(*chunks_, kind, node, i));
        }
      } else if (kind == MapKind::items) {
        content(decode_item_content(entry.payload));
      }
    }
  }

  void recipe(const ChunkId& id) {
    if (!enter(id)) return;
    const Recipe recipe = decode_recipe(read_chunk(*chunks_, id));
    for (const RecipePart& part : recipe.parts) {
      if (recipe.level > 0) {
        this->recipe(part.id);
      } else {
        reached_->on_data(part.id);
      }
    }
  }

  const ChunkStore* chunks_;
  const Reached* reached_;
};

}  // namespace

void walk_snapshot(const ChunkStore& chunks, const Snapshot& snapshot, const Reached& reached) {
  try {
    Walk walk{chunks, reached};
    walk.map(MapKind::folders, snapshot.roots.folders);
    walk.map(MapKind::items, snapshot.roots.items);
    walk.map(MapKind::display, snapshot.roots.display);
    if (snapshot.state) walk.content(*snapshot.state);
  } catch (base::Error& error) {
    error.add_context(base::text("reading restore point ", snapshot.id, " of ", snapshot.address));
    throw;
  }
}

}  // namespace store

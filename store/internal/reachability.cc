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
  Walk(const ChunkStore& chunks, const std::function<Reach(const ChunkId&)>& on_metadata,
       const std::function<void(const ChunkId&)>& on_data)
      : chunks_(&chunks), on_metadata_(&on_metadata), on_data_(&on_data) {}

  void map(MapKind kind, const std::optional<ChunkId>& root) {
    if (root && enter(*root)) node(kind, read_node(*chunks_, kind, *root));
  }

  void content(const ContentRef& content) {
    if (content.size_bytes == 0) return;
    if (content.is_recipe) {
      recipe(content.chunk);
    } else {
      (*on_data_)(content.chunk);
    }
  }

 private:
  [[nodiscard]] bool enter(const ChunkId& id) const {
    return (*on_metadata_)(id) == Reach::descend;
  }

  void node(MapKind kind, const TreeNode& node) {
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
        (*on_data_)(part.id);
      }
    }
  }

  const ChunkStore* chunks_;
  const std::function<Reach(const ChunkId&)>* on_metadata_;
  const std::function<void(const ChunkId&)>* on_data_;
};

}  // namespace

void walk_snapshot(const ChunkStore& chunks, const Snapshot& snapshot,
                   const std::function<Reach(const ChunkId&)>& on_metadata,
                   const std::function<void(const ChunkId&)>& on_data) {
  try {
    Walk walk{chunks, on_metadata, on_data};
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

// Looking for damage in the trees and contents of snapshots.
#pragma once

#include "src/base/error.h"
#include "store/chunk_store.h"
#include "store/content.h"
#include "store/index.h"
#include "store/internal/pack_check.h"
#include "store/internal/recipe.h"
#include "store/internal/tree_node.h"
#include "store/repository.h"

#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

namespace store {

// Of one tenant. What trees share is read once: the verdict on each node, recipe and unsound chunk
// is kept. Everything given outlives the check; Error(cancelled) on `stop` is all that is thrown.
class TreeCheck {
 public:
  TreeCheck(const ChunkStore& chunks, const Index& index, base::ByteView tenant_tag,
            const ChunkVerdicts& verdicts, const std::stop_token& stop, CheckReport& report)
      : chunks_(&chunks),
        index_(&index),
        tenant_tag_(tenant_tag),
        verdicts_(&verdicts),
        stop_(&stop),
        report_(&report) {}

  // Whether it and everything below it can be read.
  [[nodiscard]] bool is_map_sound(MapKind kind, const std::optional<ChunkId>& root);
  [[nodiscard]] bool is_child_sound(MapKind kind, const TreeNode& parent, std::size_t entry);
  [[nodiscard]] bool is_entry_sound(MapKind kind, const TreeEntry& entry);
  [[nodiscard]] bool is_content_sound(const ContentRef& content);

  // Chunks that could not be read, or are not what those who name them say: their packs are
  // damaged.
  [[nodiscard]] const std::vector<ChunkId>& unreadable() const { return unreadable_; }

  // From now on findings are answered, not reported: they were before.
  void stop_reporting() { reporting_ = false; }

 private:
  template <typename Examine>
  bool once(const ChunkId& id, Examine examine);
  bool are_entries_sound(MapKind kind, const TreeNode& node);
  bool is_recipe_sound(const RecipePart& part, std::optional<unsigned> level,
                       const std::optional<base::Sha256>& sha256);
  bool is_chunk_sound(const ChunkId& id);
  void note(const base::Error& error);
  void note_unreadable(const ChunkId& id);

  const ChunkStore* chunks_;
  const Index* index_;
  base::ByteView tenant_tag_;
  const ChunkVerdicts* verdicts_;
  const std::stop_token* stop_;
  CheckReport* report_;
  std::unordered_map<ChunkId, bool, base::FixedBytesHash> sound_;
  std::vector<ChunkId> unreadable_;
  bool reporting_ = true;
};

}  // namespace store

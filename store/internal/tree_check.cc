#include "store/internal/tree_check.h"

#include "src/base/text.h"
#include "store/internal/entries.h"
#include "store/internal/node_difference.h"
#include "store/internal/stream_content.h"

namespace store {

// The verdict on what `id` stands for; `examine` gives it when it is asked for the first time.
template <typename Examine>
bool TreeCheck::once(const ChunkId& id, Examine examine) {
  if (const auto known = sound_.find(id); known != sound_.end()) return known->second;
  if (stop_->stop_requested()) {
    throw base::Error{base::ErrorKind::cancelled, "the check was stopped"};
  }
  bool sound = false;
  try {
    sound = examine();
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::cancelled) throw;
    note_unreadable(id);
    if (const std::optional<PackId> pack = verdicts_->unindexed_in(id)) {
      note({base::ErrorKind::corrupt,
            base::text("the index lacks chunk ", id.hex(), " of pack ", pack->hex(),
                       ", which restore points need: run rebuild-index")});
    } else {
      note(error);
    }
  }
  return sound_[id] = sound;
}

// What it is a difference from may be what cannot be read.
void TreeCheck::note_unreadable(const ChunkId& id) {
  unreadable_.push_back(id);
  try {
    const std::optional<base::Bytes> bytes = chunks_->get(id);
    const std::optional<ChunkId> base = bytes ? difference_base(*bytes) : std::nullopt;
    if (base) unreadable_.push_back(*base);
  } catch (const base::Error&) {
    // It cannot be read at all, which is noted by now.
  }
}

void TreeCheck::note(const base::Error& error) {
  if (reporting_) report_->errors.emplace_back(error.what());
}

bool TreeCheck::is_map_sound(MapKind kind, const std::optional<ChunkId>& root) {
  if (!root) return true;
  return once(*root, [&] { return are_entries_sound(kind, read_node(*chunks_, kind, *root)); });
}

bool TreeCheck::is_child_sound(MapKind kind, const TreeNode& parent, std::size_t entry) {
  const ChunkId id = decode_node_ref(parent.entries()[entry].payload).id;
  return once(id,
              [&] { return are_entries_sound(kind, read_child(*chunks_, kind, parent, entry)); });
}

bool TreeCheck::are_entries_sound(MapKind kind, const TreeNode& node) {
  report_->bytes_read += node.size_bytes();
  bool sound = true;
  for (std::size_t i = 0; i < node.entries().size(); ++i) {
    const bool entry_sound =
        node.level() > 0 ? is_child_sound(kind, node, i) : is_entry_sound(kind, node.entries()[i]);
    sound = sound && entry_sound;
  }
  return sound;
}

bool TreeCheck::is_entry_sound(MapKind kind, const TreeEntry& entry) {
  try {
    switch (kind) {
      case MapKind::folders:
        static_cast<void>(decode_folder(entry.payload));
        return true;
      case MapKind::display:
        static_cast<void>(decode_display(entry.payload));
        return true;
      case MapKind::items:
        return is_content_sound(decode_item({}, entry.key, entry.payload).content);
    }
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::cancelled) throw;
    note(error);
  }
  return false;
}

bool TreeCheck::is_content_sound(const ContentRef& content) {
  if (content.size_bytes == 0) return true;
  if (!content.is_recipe) return is_chunk_sound(content.chunk);
  return is_recipe_sound({content.chunk, content.size_bytes}, std::nullopt, content.sha256);
}

bool TreeCheck::is_recipe_sound(const RecipePart& part, std::optional<unsigned> level,
                                const std::optional<base::Sha256>& sha256) {
  return once(part.id, [&] {
    const base::Bytes bytes = read_chunk(*chunks_, part.id);
    report_->bytes_read += bytes.size();
    const Recipe recipe = decode_recipe(bytes);
    if (recipe.size_bytes() != part.size_bytes || recipe.sha256 != sha256 ||
        (level && recipe.level != *level)) {
      throw base::Error{base::ErrorKind::corrupt,
                        base::text("recipe ", part.id.hex(), " is not what its item says")};
    }
    bool sound = true;
    for (const RecipePart& below : recipe.parts) {
      const bool part_sound = recipe.level > 0
                                  ? is_recipe_sound(below, recipe.level - 1, std::nullopt)
                                  : is_chunk_sound(below.id);
      sound = sound && part_sound;
    }
    return sound;
  });
}

bool TreeCheck::is_chunk_sound(const ChunkId& id) {
  const ChunkVerdicts::Verdict verdict = verdicts_->of(*index_, tenant_tag_, id);
  if (verdict == ChunkVerdicts::Verdict::sound) return true;
  return once(id, [&] {
    if (verdict == ChunkVerdicts::Verdict::damaged) return false;  // its pack's check has told
    report_->bytes_read += read_chunk(*chunks_, id).size();        // throws if it is not there
    return true;
  });
}

}  // namespace store

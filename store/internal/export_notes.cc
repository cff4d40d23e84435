#include "store/internal/export_notes.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "store/internal/recipe.h"
#include "store/internal/stream_content.h"

#include <utility>
#include <vector>

namespace store {
namespace {

// Whether the chunks hold all that the recipe puts together.
bool hold_recipe(ChunkStore& chunks, const RecipePart& part, std::optional<unsigned> level,
                 const std::optional<base::Sha256>& sha256) {
  if (!chunks.rely_on(part.id)) return false;
  const Recipe recipe = decode_recipe(read_chunk(chunks, part.id));
  if (recipe.size_bytes() != part.size_bytes || recipe.sha256 != sha256 ||
      (level && recipe.level != *level)) {
    return false;
  }
  for (const RecipePart& below : recipe.parts) {
    const bool held = recipe.level > 0 ? hold_recipe(chunks, below, recipe.level - 1, std::nullopt)
                                       : chunks.rely_on(below.id);
    if (!held) return false;
  }
  return true;
}

bool hold(ChunkStore& chunks, const ContentRef& content) {
  if (content.size_bytes == 0) return true;
  if (!content.is_recipe) return chunks.rely_on(content.chunk);
  return hold_recipe(chunks, {content.chunk, content.size_bytes}, std::nullopt, content.sha256);
}

}  // namespace

void ExportNotes::add(const TenantDomain& tenant, const std::string& mailbox_id,
                      std::span<const ExportedItem> items) {
  std::vector<StateRow> rows;
  rows.reserve(items.size());
  for (const ExportedItem& item : items) {
    rows.push_back(rows_->of_exported(tenant, mailbox_id, item));
  }
  if (!rows.empty()) index_->note(rows);
}

std::optional<ContentRef> ExportNotes::find(ChunkStore& chunks, const TenantDomain& tenant,
                                            const std::string& mailbox_id,
                                            const std::string& item_id,
                                            const std::string& change_key) const {
  const std::string key = rows_->exported_key(tenant, mailbox_id, item_id);
  const std::optional<base::Bytes> value = index_->row(Table::exported, key);
  if (!value) return std::nullopt;
  try {
    const ExportedItem noted = rows_->open_exported(key, *value);
    if (noted.item_id != item_id || noted.change_key != change_key) return std::nullopt;
    if (!hold(chunks, noted.content)) return std::nullopt;
    return noted.content;
  } catch (const base::Error& error) {
    // The export reads nothing of the store, and so does not meet what cannot be read.
    if (error.kind() != base::ErrorKind::corrupt && error.kind() != base::ErrorKind::disk) throw;
    base::log(base::LogLevel::info, "an item is exported again: ", error.what());
    return std::nullopt;
  }
}

}  // namespace store

#include "src/base/error.h"
#include "store/internal/recipe.h"
#include "store/internal/stream_content.h"

#include <utility>

namespace store {
namespace {

class ChunkingWriter final : public ContentWriter {
 public:
  ChunkingWriter(ChunkStore& chunks, const GearTable& gear)
      : chunks_(&chunks), chunker_(gear), recipe_(chunks) {}

  void append(base::ByteView piece) override {
    base::check(!finished_, "a finished content takes no more");
    digest_.update(piece);
    content_.ref.size_bytes += piece.size();
    while (!piece.empty()) {
      const Chunker::Step step = chunker_.take(piece);
      const base::ByteView taken = piece.first(step.taken_bytes);
      piece = piece.subspan(step.taken_bytes);
      if (step.cut && pending_.empty()) {
        put(taken);  // the whole chunk lies in the piece: no copy
        continue;
      }
      base::append(pending_, taken);
      if (step.cut) put_pending();
    }
  }

  void hint_boundary() override {
    if (chunker_.cut_here()) put_pending();
  }

  StoredContent finish() override {
    base::check(!std::exchange(finished_, true), "a content is finished once");
    put_pending();
    content_.ref.sha256 = digest_.finish();
    if (content_.ref.size_bytes == 0) return content_;
    if (recipe_.is_single()) {
      content_.ref.chunk = recipe_.single().id;
    } else {
      content_.ref.is_recipe = true;
      content_.ref.chunk = recipe_.finish(content_.ref.sha256);
      content_.stored_bytes += recipe_.stored_bytes();
    }
    return content_;
  }

 private:
  void put_pending() {
    if (pending_.empty()) return;
    put(pending_);
    pending_.clear();
  }

  void put(base::ByteView chunk) {
    const ChunkStore::PutResult result = chunks_->put(ChunkClass::data, chunk);
    if (result.is_new) content_.new_bytes += chunk.size();
    content_.stored_bytes += result.stored_bytes;
    recipe_.add({result.id, chunk.size()});
  }

  ChunkStore* chunks_;
  Chunker chunker_;
  RecipeBuilder recipe_;
  base::Sha256Stream digest_;
  base::Bytes pending_;
  StoredContent content_;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<ContentWriter> write_content(ChunkStore& chunks, const GearTable& gear) {
  return std::make_unique<ChunkingWriter>(chunks, gear);
}

}  // namespace store

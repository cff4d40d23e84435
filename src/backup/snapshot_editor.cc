#include "src/backup/snapshot_editor.h"

namespace backup {

store::SnapshotWriter& SnapshotEditor::writer() {
  if (!writer_) writer_ = store_.new_snapshot(base_);
  return *writer_;
}

store::SnapshotWriter::Built SnapshotEditor::finish() {
  if (writer_) return writer_->finish();
  if (base_ == nullptr) return {};
  return {base_->roots, base_->items, base_->bytes};
}

}  // namespace backup

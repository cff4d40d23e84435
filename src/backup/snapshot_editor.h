// The next snapshot of a mailbox, begun only once something differs: an unchanged mailbox keeps its
// roots.
#pragma once

#include "store/repository.h"

#include <memory>
#include <optional>
#include <string>

namespace backup {

// Used by one thread.
class SnapshotEditor {
 public:
  // `base`: what the next snapshot starts from; null if nothing. Both outlive the editor.
  SnapshotEditor(store::TenantStore& store, const store::Snapshot* base)
      : store_(store), base_(base) {}

  void put_folder(const store::FolderEntry& folder) { writer().put_folder(folder); }
  void remove_folder(const std::string& folder_id) { writer().remove_folder(folder_id); }
  void put_item(const store::ItemEntry& item, const store::ItemDisplay& display) {
    writer().put_item(item, display);
  }
  // Of an item that is there.
  void put_display(const std::string& folder_id, const std::string& item_id,
                   const store::ItemDisplay& display) {
    writer().put_display(folder_id, item_id, display);
  }
  void remove_item(const std::string& folder_id, const std::string& item_id) {
    writer().remove_item(folder_id, item_id);
  }

  [[nodiscard]] bool has_begun() const { return writer_ != nullptr; }
  // The editor takes no more.
  store::SnapshotWriter::Built finish();

 private:
  store::SnapshotWriter& writer();

  store::TenantStore& store_;
  const store::Snapshot* base_;
  std::unique_ptr<store::SnapshotWriter> writer_;
};

}  // namespace backup

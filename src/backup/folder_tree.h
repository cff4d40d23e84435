// The folders of a mailbox as the engine knows them, brought up to date by what the service tells.
// Pure.
#pragma once

#include "src/graph/mailbox_service.h"
#include "store/snapshot.h"

#include <map>
#include <string>
#include <vector>

namespace backup {

// By id. Of a folder that is backed up, is_search_folder is false.
using FolderMap = std::map<std::string, graph::Folder>;

// From a snapshot and the notes beside it. The snapshot also holds skipped folders that others lie
// in.
FolderMap known_folders(const std::vector<store::FolderEntry>& stored,
                        const std::map<std::string, graph::Folder>& skipped);

struct UpdatedFolders {
  FolderMap folders;
  std::vector<std::string> new_ids;  // not known before: their properties are still to be asked for
};

// The last word on a folder wins. After a full round, what was not told is gone. Properties that
// change feeds leave out are kept from before.
UpdatedFolders apply_changes(const FolderMap& known,
                             const std::vector<graph::FolderChange>& changes, bool full);

// Well-known folders that no backup needs: search folders, sync issues, outbox, recoverable items
// (graph-api: a policy). Folders inside of them are judged on their own: what a user put there is
// the user's.
bool is_skipped_folder(const graph::Folder& folder);

// What the snapshot's folder map holds: folders that are backed up, and what they lie in. By id.
std::map<std::string, store::FolderEntry> entries_of(const FolderMap& folders);

}  // namespace backup

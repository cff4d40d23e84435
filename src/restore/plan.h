// Which folder of the target takes which folder of the restore point. Pure.
//
// The service refuses equal names under one parent: where the plan would need that, both folders
// share one.
#pragma once

#include "src/catalog/folder_paths.h"
#include "src/catalog/selection.h"
#include "src/restore/restore_run.h"

#include <cstddef>
#include <string>
#include <vector>

namespace restore {

struct TargetFolder {
  std::size_t parent = 0;  // index in the plan; of itself for the root
  std::string display_name;
  std::string item_class;
  std::string
      well_known_name;  // if not empty, the target's folder of that name is meant, wherever it lies
  std::vector<std::string> names;                // display names from the root down
  std::vector<catalog::SelectedFolder> sources;  // whose items go here
};

// The first folder is the target's root; parents stand before what lies in them.
struct Plan {
  std::vector<TargetFolder> folders;
};

Plan make_plan(const catalog::FolderPaths& paths, const catalog::Selected& selected,
               const RestoreTarget& target);

}  // namespace restore

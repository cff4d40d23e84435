// The exact streams of a restore point as files, one an item, for those who want the bytes and
// nothing else.
//
// A file is complete or absent: it is written under a temporary name, proven against the stored
// SHA-256, synced and renamed. Names are made of the folder's path and the item's id, safe on every
// file system, and the same each time.
#pragma once

#include "src/base/error.h"
#include "store/repository.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace catalog {

struct ExtractSelection {
  // Folder ids of the snapshot, with all below them; empty together with `items`: everything.
  std::vector<std::string> folders;
  std::set<std::string> items;  // item ids
};

// A line of the manifest.
struct ExtractedItem {
  std::string file;  // relative to the directory, '/' between levels
  std::string id;
  std::string folder;  // path
  std::string sha256;  // lower-case hexadecimal
  std::uint64_t size = 0;
  std::string item_class;
};

struct ExtractFailure {
  std::string id;
  std::string folder;
  base::Error error;
};

struct ExtractReport {
  std::uint64_t selected = 0;
  std::uint64_t written = 0;  // with what was whole already
  std::uint64_t bytes = 0;
  std::vector<ExtractFailure> failures;  // damaged items; the others are written
  bool cancelled = false;
};

// Creates `directory`, or takes one that is empty, or goes on with what an extraction of the same
// restore point and selection left there: files that are whole stay. Error(usage) if there is
// anything else in it, so that two restore points never mix. Error(not_found) for a folder or item
// that the restore point does not have, before anything is written. Error(full) or Error(disk) ends
// it; what is written stays. `on_item` is called for each file once it is there.
ExtractReport extract(const store::TenantStore& store, const store::Snapshot& point,
                      const ExtractSelection& selection, const std::filesystem::path& directory,
                      const std::function<void(const ExtractedItem&)>& on_item,
                      std::stop_token stop);

// Nothing is to be added any more: from now on the directory is like any other that is not empty.
void end_extraction(const std::filesystem::path& directory);

// A folder's display name as the name of a directory: no separators, no control characters, not
// hidden, 80 bytes at most. Different names can give the same result.
std::string safe_name(std::string_view display_name);

}  // namespace catalog

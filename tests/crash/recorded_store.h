// A small repository on disk, and what every read of it must give: the oracle stands outside the
// store.
#pragma once

#include "src/base/clock.h"
#include "store/repository.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace test {

struct RecordedItem {
  store::ItemEntry entry;
  store::ItemDisplay display;
  base::Bytes stream;
};

// What one restore point holds.
struct RecordedSnapshot {
  store::Snapshot snapshot;
  std::map<std::string, store::FolderEntry> folders;                  // by id
  std::map<std::pair<std::string, std::string>, RecordedItem> items;  // by folder and id
};

struct RecordedStore {
  std::filesystem::path store;
  std::filesystem::path index;
  store::TenantDomain tenant{"contoso.com"};
  std::map<std::string, RecordedSnapshot> snapshots;  // by id
};

// Three mailboxes, two commits: items of one chunk and of many, shared ones, folders, notes of the
// engine. All of it follows from `seed`. `index` is a folder inside a directory of its own.
RecordedStore make_recorded_store(const std::filesystem::path& directory, std::uint64_t seed,
                                  base::Clock& clock);

// Cheap keys: what they cost to guess does not matter here.
store::Repository::Settings recorded_store_settings(const RecordedStore& recorded);
base::Secret recorded_store_passphrase();

// How reading everything went. `wrong` names each read that gave something else than was written:
// it must be empty whatever happened to the files. `refused` counts reads that threw Error,
// `missing` restore points not listed.
struct Reading {
  std::vector<std::string> wrong;
  std::vector<std::string> refused;
  std::uint64_t missing = 0;
  [[nodiscard]] bool is_whole() const { return wrong.empty() && refused.empty() && missing == 0; }
};
Reading read_everything(store::Repository& repository, const RecordedStore& expected);

}  // namespace test

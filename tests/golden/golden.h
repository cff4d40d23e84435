// Golden repositories: stores that an earlier version of this program wrote, kept as files, and
// what every later version must read in them. One folder a version of the format:
//
//   <version>/store          the repository, as it was written
//   <version>/expected.json  passphrase, recovery key and key file, every restore point, folder,
//                            item and SHA-256 of a stream, as they were put in, what was forgotten
//                            and what is held
//   <version>/foreign_pack   a pack of another store
//   <version>/older_conf     the configuration as it was before its last changes
//   <version>/damaged.json   what each alteration of alterations.h must lead to (written by hand)
#pragma once

#include "store/repository.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace golden {

using Json = nlohmann::ordered_json;

// Every restore point with all that it holds, read from the repository; ordered, so that equal
// contents give equal documents. Nothing is caught: what cannot be read throws.
Json describe(store::Repository& repository);

// Folders and items of each restore point in the order of their texts: that of the store's keys
// depends on hashes.
Json in_order(Json points);

// Its parts, as documents.
Json describe(const store::Snapshot& snapshot);
Json describe(const store::FolderEntry& folder);
// `stream` is what the item's content holds.
Json describe(const store::ItemEntry& item, const store::ItemDisplay& display,
              base::ByteView stream);

// Ids, as they are listed.
Json ids_of_forgotten(const store::Repository& repository);
Json ids_of_holds(const store::Repository& repository);

Json read_json(const std::filesystem::path& path);

// For every golden repository: index anywhere, keys that cost nothing to try.
store::Repository::Settings settings(const std::filesystem::path& index);

}  // namespace golden

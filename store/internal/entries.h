// Folders, items and their display metadata as entries of the sorted maps of a snapshot.
#pragma once

#include "src/base/bytes.h"
#include "store/snapshot.h"

#include <string>
#include <string_view>

namespace store {

inline constexpr std::size_t kFolderKeyBytes = 16;

// Stands for a folder in keys: ids of folders are long, and each item carries its folder's.
std::string folder_key(std::string_view folder_id);
// What is above every key of the folder's items, and not below any other's.
std::string end_of_folder(std::string_view folder_key);
// Items of a folder lie together, in the order of their ids.
std::string item_key(std::string_view folder_id, std::string_view item_id);
std::string_view folder_part(std::string_view item_key);
std::string item_id(std::string_view item_key);

base::Bytes encode(const FolderEntry& folder);
FolderEntry decode_folder(base::ByteView value);

// The folder and the id are in the key.
base::Bytes encode(const ItemEntry& item);
ItemEntry decode_item(std::string folder_id, std::string_view key, base::ByteView value);
// The content alone.
ContentRef decode_item_content(base::ByteView value);

base::Bytes encode(const ItemDisplay& display);
ItemDisplay decode_display(base::ByteView value);

}  // namespace store

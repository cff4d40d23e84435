// The directory that an index lies in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace store {

// For our eyes only. Error(disk) or Error(full).
void make_index_directory(const std::filesystem::path& path);

// What Index::move_aside() left there: once the new index is whole, nobody needs it.
void drop_set_aside(const std::filesystem::path& path);

// Of all its files.
std::uint64_t index_bytes(const std::filesystem::path& path);

// Damage that showed while the index was used is remembered in it, as well as that goes; then the
// next that opens it finds out at once, by Error(corrupt).
inline constexpr const char* kDamagedName = "DAMAGED";
void mark_damaged(const std::filesystem::path& path);
void check_not_damaged(const std::filesystem::path& path);

// Which MANIFEST is the current one, and how far it reaches; empty if there is none.
std::string manifest_state(const std::filesystem::path& path);

}  // namespace store

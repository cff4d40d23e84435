// The directory that an index lies in.
#pragma once

#include <cstdint>
#include <filesystem>

namespace store {

// For our eyes only. Error(disk) or Error(full).
void make_index_directory(const std::filesystem::path& path);

// Of all its files.
std::uint64_t index_bytes(const std::filesystem::path& path);

}  // namespace store

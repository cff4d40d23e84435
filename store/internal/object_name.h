// What objects are called (FORMAT.md, layout).
#pragma once

#include "store/chunk_store.h"
#include "store/ids.h"

#include <optional>
#include <string>
#include <string_view>

namespace store {

// One or more components of [a-z0-9._-], joined by '/'; none begins with a dot.
bool is_object_name(std::string_view name);
// Our own mistakes only.
void check_object_name(std::string_view name);

// "pack/d/3f/3f…": where the pack with this id lies.
std::string pack_name(ChunkClass chunk_class, const PackId& id);
// "pack/d/"
std::string pack_prefix(ChunkClass chunk_class);
// Empty if `name` is not that of a pack of this class.
std::optional<PackId> pack_id_of(ChunkClass chunk_class, std::string_view name);

inline constexpr std::string_view kParityPrefix = "par/";
std::string parity_name(const PackId& pack);
// Where damaged packs are kept: "trash/quarantine/3f…".
std::string quarantine_name(const PackId& pack);
// Empty if `name` is not that of a parity object.
std::optional<PackId> parity_pack_of(std::string_view name);

}  // namespace store

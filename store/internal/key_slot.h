// A key slot: the repository's master key, wrapped by something that a person or a machine holds.
#pragma once

#include "src/base/bytes.h"
#include "src/base/secret.h"
#include "store/ids.h"
#include "store/keys.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace store {

// Names of slots, without the number of the copy: "keys/….". What is no slot by its name is passed
// over.
std::set<std::string> slot_names(const Backend& backend);
std::string slot_name(const std::string& id);
std::string new_slot_name();
// The 16 hexadecimal digits.
std::string slot_id(const std::string& name);

// Far below what an opening tries at most: each passphrase makes opening slower by a derivation.
inline constexpr std::size_t kMostSlots = 32;

// Shorter key files could be searched.
inline constexpr std::size_t kLeastKeyFileBytes = 32;

// Bounds of what a slot may ask for, whoever wrote it.
inline constexpr std::uint64_t kMostKdfMemoryBytes = std::uint64_t{4} << 30;
inline constexpr std::uint64_t kMostKdfWorkBytes = std::uint64_t{16} << 30;  // memory times passes

// A cost that a slot may not have is Error(usage).
void check_cost(const KdfCost& cost);

// The content of a slot object, without its checksum. `secret` is the passphrase, the bytes of a
// recovery key, or the content of a key file (the two are random enough to need no slow derivation:
// `cost` is not used).
base::Bytes make_slot(SlotKind kind, const RepositoryId& repository, const base::Secret& secret,
                      const KdfCost& cost, const base::Secret& master);

// What stands in a slot in the clear.
struct SlotDescription {
  SlotKind kind = SlotKind::passphrase;
  RepositoryId repository;
  KdfCost cost;
};
// Error(corrupt) if it makes no sense or asks for absurd memory or work; Error(usage) for a newer
// format.
SlotDescription describe_slot(base::ByteView content);

// The master key; empty if `secret` is not the one. Takes the time and the memory that the slot
// asks for.
std::optional<base::Secret> open_slot(base::ByteView content, const base::Secret& secret);

}  // namespace store

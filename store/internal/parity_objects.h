// Where parity lies: one object beside each pack (FORMAT.md, parity).
#pragma once

#include "store/backend.h"
#include "store/internal/parity.h"
#include "store/packs.h"

#include <optional>
#include <string>

namespace store {

// How the stored parity of an intact pack compares with what it should be.
ParityState compare_parity(const Backend& backend, const PackId& pack, const Parity& expected);

// Empty if there is none that can be used.
std::optional<StoredParity> read_parity(const Backend& backend, const PackId& pack);

// Publishes it, synced; twice if the disk fails, as a failed sync is final for that file only.
void put_parity(Backend& backend, const PackId& pack, const Parity& parity);

// Writes it anew, whatever lies there.
void replace_parity(Backend& backend, const PackId& pack, const Parity& parity);

// Removes a pack and its parity. The parity first: parity without a pack means that the pack was
// lost, and repair would bring it back.
void remove_pack_with_parity(Backend& backend, const PackObject& pack);

}  // namespace store

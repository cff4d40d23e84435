// Copies of the configuration and of key slots that are damaged or missing, and writing them anew.
#pragma once

#include "src/base/bytes.h"
#include "store/backend.h"

#include <string>
#include <vector>

namespace store {

struct Healing {
  std::string name;     // of the copy
  base::Bytes content;  // what it should hold; empty where nothing proves that
};

// As it is now. The configuration key proves which configuration is the true one; whole copies of a
// slot that differ are not healed: which of them is forged nobody has proven.
std::vector<Healing> find_healings(const Backend& backend, base::ByteView config_key);
// The caller holds the backend's lock, and has held it since the healings were found: what was
// found before may since have been removed or replaced on purpose.
void heal(Backend& backend, const std::vector<Healing>& healings);

}  // namespace store

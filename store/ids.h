// The names of things in the store. Each kind of id is a type of its own.
#pragma once

#include "src/base/bytes.h"
#include "src/base/digest.h"

#include <string>

namespace store {

// Keyed hash of a chunk's domain, length and plaintext: equal content of one tenant has one id, and
// nobody without the key can tell what an id stands for.
struct ChunkIdTag;
using ChunkId = base::FixedBytes<ChunkIdTag, 32>;

// SHA-256 of the whole pack file; its name.
struct PackIdTag;
using PackId = base::FixedBytes<PackIdTag, 32>;

struct RepositoryIdTag;
using RepositoryId = base::FixedBytes<RepositoryIdTag, 16>;

// One appliance that writes to a repository; random, made when its index is.
struct WriterIdTag;
using WriterId = base::FixedBytes<WriterIdTag, 16>;

// The tenant a chunk belongs to. Packs and keys are per tenant; content is never shared between
// two.
struct TenantDomain {
  std::string name;  // lower case
  auto operator<=>(const TenantDomain&) const = default;
};

}  // namespace store

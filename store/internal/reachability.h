// Walking everything that a restore point names: the nodes of its trees, recipes, and the chunks of
// streams.
#pragma once

#include "store/chunk_store.h"
#include "store/snapshot.h"

#include <cstdint>
#include <functional>

namespace store {

// What to do about a chunk that was met.
enum class Reach : std::uint8_t { descend, pass_by };

struct Reached {
  // Is asked for every node and recipe before it is read, and says whether to go below it.
  std::function<Reach(const ChunkId&)> on_metadata;
  // Is told every node that another one is stored as a difference from. It is needed, but nothing
  // below it: it may be met as a node of its own as well, before or after.
  std::function<void(const ChunkId&)> on_base;
  // Is told every chunk of a stream.
  std::function<void(const ChunkId&)> on_data;
};

// Error(corrupt) for a node or recipe that cannot be read. `chunks` are those of the snapshot's
// tenant.
void walk_snapshot(const ChunkStore& chunks, const Snapshot& snapshot, const Reached& reached);

}  // namespace store

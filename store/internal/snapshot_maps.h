// Snapshots on a chunk store: three sorted maps.
#pragma once

#include "store/chunk_store.h"
#include "store/snapshot.h"

#include <cstddef>
#include <memory>

namespace store {

// `chunks` outlives the reader.
std::unique_ptr<SnapshotReader> read_snapshot(const ChunkStore& chunks, const Snapshot& snapshot);

// Changes waiting in memory are written into the maps whenever they are about so many bytes.
inline constexpr std::size_t kSnapshotBufferBytes = std::size_t{32} << 20;

// Starts from `base`. `chunks` outlives the writer.
std::unique_ptr<SnapshotWriter> write_snapshot(ChunkStore& chunks, const SnapshotRoots& base,
                                               std::size_t buffer_bytes = kSnapshotBufferBytes);

}  // namespace store

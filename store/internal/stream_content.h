// Item streams on a chunk store.
#pragma once

#include "store/chunk_store.h"
#include "store/content.h"
#include "store/internal/chunker.h"

#include <cstdint>
#include <memory>

namespace store {

// Both outlive the writer. Memory: at most one chunk and the recipe's open lists.
std::unique_ptr<ContentWriter> write_content(ChunkStore& chunks, const GearTable& gear);

// `chunks` outlives the reader. Error(corrupt) if it does not hold the content. Long streams are
// read ahead by a few chunks on a thread of their own.
std::unique_ptr<ContentReader> read_content(const ChunkStore& chunks, const ContentRef& ref);

// What `chunks` holds under the id; Error(corrupt) if nothing.
base::Bytes read_chunk(const ChunkStore& chunks, const ChunkId& id);

}  // namespace store

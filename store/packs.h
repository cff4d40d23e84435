// Packs as a whole: what they hold and whether it is still what was written. For making the index
// anew and for check; everything read is checked before it is believed.
#pragma once

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "store/backend.h"
#include "store/chunk_store.h"
#include "store/ids.h"
#include "store/index.h"
#include "store/keys.h"

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace store {

// A pack object as the backend lists it.
struct PackObject {
  PackId id;
  ChunkClass chunk_class = ChunkClass::data;
  std::uint64_t size_bytes = 0;
};

// Every pack of the repository, metadata first, sorted by id within a class. Objects below pack/
// that are no packs by their name are given to `on_stranger`.
std::vector<PackObject> list_packs(const Backend& backend,
                                   const std::function<void(const std::string& name)>& on_stranger);

// What a pack holds, by its table of contents: authenticated, and read from the pack's end alone.
struct PackContents {
  PackRow row;
  std::vector<IndexedChunk> chunks;  // in the order of the records
};

// Error(corrupt) naming the pack; Error(not_found) if it is gone.
PackContents read_pack_contents(const Backend& backend, const KeyRing& keys,
                                const PackObject& pack);

// Reads the contents of each pack in turn, for Index::add_pack(). A pack that is damaged goes to
// `on_damaged` and the others are still read. Throws Error(cancelled) on `stop`.
void read_contents_of_packs(
    const Backend& backend, const KeyRing& keys, std::span<const PackObject> packs,
    const std::function<void(const PackContents&)>& on_pack,
    const std::function<void(const PackObject&, const base::Error&)>& on_damaged,
    std::stop_token stop);

// Of the parity that lies beside a pack.
enum class ParityState : std::uint8_t {
  whole,
  missing,
  damaged,
};

// The findings on one pack.
struct PackFindings {
  std::uint64_t bytes_read = 0;
  std::uint64_t chunks_verified = 0;
  std::vector<std::string> errors;          // empty: every byte is as written
  bool is_whole = false;                    // the same, for a pack that could be read
  ParityState parity = ParityState::whole;  // of a whole pack
  // Chunks that cannot be read from this pack any more.
  std::vector<ChunkId> damaged_chunks;
  // The table of contents could not be read: the chunks above are those that a scan of the records
  // found damaged, and others may have been lost without a trace in the pack.
  bool contents_lost = false;
};

// Reads the whole pack: its name, the checksum of each MiB, header, table of contents and trailer;
// each record is opened, decompressed and hashed again; then its parity. Finds damage and goes on;
// throws only when the backend cannot read.
PackFindings verify_pack(const Backend& backend, const KeyRing& keys, const PackObject& pack);

// The same for what is left of a pack, in memory, without its parity. Gives every chunk that is
// intact, also where header or table of contents are lost. Views last for the call.
using OnIntactChunk =
    std::function<void(base::ByteView tenant_tag, const ChunkId& id, base::ByteView plaintext)>;
PackFindings salvage_pack(const KeyRing& keys, const PackObject& pack, base::ByteView left,
                          const OnIntactChunk& on_chunk);

}  // namespace store

// Which records of which packs restore points name: one bit a record.
#pragma once

#include "store/chunk_store.h"
#include "store/index.h"
#include "store/internal/record_set.h"
#include "store/snapshot.h"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

namespace store {

// What is shared is walked once. Not thread-safe.
class LiveRecords {
 public:
  // Both outlive it.
  LiveRecords(const Index& index, const std::stop_token& stop) : index_(&index), stop_(&stop) {}

  // Everything that the restore point names, read from `chunks`, those of its tenant.
  // Error(corrupt) if a part of its trees cannot be read: nobody can tell then what lives. A chunk
  // of a stream that the store does not hold is damage as well, but hides nothing. Error(cancelled)
  // on stop.
  void mark(const ChunkStore& chunks, base::ByteView tenant_tag, const Snapshot& snapshot);

  struct OfPack {
    std::vector<bool> records;
    std::uint64_t marked = 0;
    std::uint64_t space_bytes = 0;  // that the marked ones take in it
  };
  // Null if nothing in the pack lives.
  [[nodiscard]] const OfPack* in_pack(std::uint32_t number) const;
  [[nodiscard]] bool is_live(std::uint32_t number, std::uint16_t record) const;

 private:
  // Where it lies; empty if the store does not hold the chunk.
  std::optional<ChunkLocation> mark_record(base::ByteView tenant_tag, const ChunkId& id);

  const Index* index_;
  const std::stop_token* stop_;
  std::unordered_map<std::uint32_t, OfPack> packs_;
  RecordSet walked_;  // below which everything is marked
};

}  // namespace store

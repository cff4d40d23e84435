// Reading packs: single records by place, and what a pack says about itself at its end.
#pragma once

#include "store/backend.h"
#include "store/index.h"
#include "store/internal/pack_cipher.h"
#include "store/internal/pack_format.h"
#include "store/internal/sodium.h"
#include "store/keys.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace store {

// A pack that records are read from, one ranged read each. Thread-safe.
class PackReader {
 public:
  // Reads the header, or its copy if that is damaged. Error(corrupt) if it is not a pack of this
  // repository and tenant, or is not there. The backend outlives it.
  PackReader(const Backend& backend, const PackRow& row, const RepositoryId& repository,
             const TenantKeys& keys);

  struct Record {
    RecordHeader header;
    base::Bytes bytes;  // of the whole record; the payload is opened in its place

    [[nodiscard]] base::ByteView payload() const {
      return base::ByteView{bytes}.subspan(kRecordHeaderBytes,
                                           bytes.size() - kRecordHeaderBytes - kSealTagBytes);
    }
  };
  // The chunk's record. Error(corrupt) unless exactly that lies there.
  [[nodiscard]] Record read(const ChunkId& id, const ChunkLocation& location) const;

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  const Backend& backend_;
  std::string name_;
  PackCipher cipher_;
};

// Everything that stands after a pack's records, and its header (by the copy), checked and opened.
struct PackTail {
  PackCipher cipher;
  PackTrailer trailer;
  std::vector<ContentsEntry> entries;
  base::Bytes checksums;
};

using TenantOfTag = std::function<std::shared_ptr<const TenantKeys>(base::ByteView tag)>;
// For who knows whose pack it is: these, whatever the tag, which is compared when the pack is
// opened. They outlive what is given.
TenantOfTag always_those(const TenantKeys& keys);

// `tail` is the end of a pack of `pack_bytes`, from whatever place; `more` gives the end from an
// earlier place on if it is too short. Error(corrupt) naming `pack`.
PackTail read_tail(base::ByteView tail, std::uint64_t pack_bytes, const RepositoryId& repository,
                   ChunkClass chunk_class, const TenantOfTag& keys, const std::string& pack,
                   const std::function<base::ByteView(std::uint64_t from)>& more);

// As the index wants them: numbered in the order of the table of contents.
std::vector<IndexedChunk> indexed_chunks(const std::vector<ContentsEntry>& entries);

}  // namespace store

// The keys of one pack: what seals its records, masks their headers and tags its header and
// trailer.
//
// All derive from the tenant's pack root of a generation and the pack's salt; the nonce of a record
// is half of the salt and the record's offset, so no two records of any pack share one. Immutable,
// so thread-safe.
#pragma once

#include "src/base/secret.h"
#include "store/internal/pack_format.h"
#include "store/keys.h"

#include <array>
#include <optional>
#include <string>

namespace store {

class PackCipher {
 public:
  // For a new pack.
  PackCipher(const PackHeader& header, const TenantKeys& keys);
  // For a pack that is there: Error(corrupt) if the header was not written with these keys, for
  // this repository, class and tenant. `pack` is for messages.
  static PackCipher open(base::ByteView header, const RepositoryId& repository,
                         ChunkClass chunk_class, const TenantKeys& keys, const std::string& pack);

  [[nodiscard]] const PackHeader& header() const { return header_; }
  [[nodiscard]] base::ByteView encoded_header() const { return encoded_; }

  // Writes the record into `place` (header, ciphertext, tag), which holds the payload after the
  // place of the header.
  void seal(std::uint64_t offset, const RecordHeader& header, base::MutableByteView place) const;

  // Empty if no record header of this pack lies there. `bytes` are 64.
  [[nodiscard]] std::optional<RecordHeader> open_header(std::uint64_t offset,
                                                        base::ByteView bytes) const;
  // The payload, into `payload` (16 bytes shorter than `sealed`); false if it is not what was
  // sealed under this header at this offset.
  [[nodiscard]] bool open(std::uint64_t offset, const RecordHeader& header, base::ByteView sealed,
                          base::MutableByteView payload) const;

  [[nodiscard]] std::array<std::byte, kPackTagBytes> trailer_tag(base::ByteView tagged) const;

 private:
  [[nodiscard]] base::ByteView record_key() const { return keys_.bytes().subspan(0, 32); }
  [[nodiscard]] base::ByteView mask_key() const { return keys_.bytes().subspan(32, 32); }
  [[nodiscard]] base::ByteView tag_key() const { return keys_.bytes().subspan(64, 32); }
  [[nodiscard]] base::ByteView check_key() const { return keys_.bytes().subspan(96, 16); }
  [[nodiscard]] std::array<std::byte, kPackTagBytes> tag(char what, base::ByteView tagged) const;
  [[nodiscard]] std::uint64_t check_of(std::uint64_t offset, base::ByteView header) const;

  PackHeader header_;
  base::Secret keys_;
  std::array<std::byte, kPackHeaderBytes> encoded_;
};

}  // namespace store

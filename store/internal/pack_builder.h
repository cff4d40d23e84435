// A pack being made, in memory.
//
// Places are reserved by one owner at a time; each place is then sealed on its own thread; finish()
// waits for all of them. What is complete can be read at any time.
#pragma once

#include "src/base/bytes.h"
#include "src/base/synchronized.h"
#include "store/ids.h"
#include "store/index.h"
#include "store/internal/pack_cipher.h"
#include "store/internal/pack_format.h"
#include "store/keys.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace store {

struct PackLimits {
  std::uint64_t bytes = kMostPackBytes;
  std::uint32_t records = kMostPackRecords;
  bool spooled = false;  // somebody calls take_completed()
};

// Pack-sized buffers, kept for the next pack: touching fresh memory costs as much as compressing
// into it. Thread-safe.
class PackBuffers {
 public:
  using Buffer = std::unique_ptr<std::byte[]>;

  Buffer take();
  void give_back(Buffer buffer);

 private:
  base::Synchronized<std::vector<Buffer>> spare_;
};

class PackBuilder {
 public:
  // The keys outlive it. The buffers are shared, because a reader may hold a pack longer than its
  // store.
  PackBuilder(const PackHeader& header, const TenantKeys& keys, PackLimits limits,
              std::shared_ptr<PackBuffers> buffers);
  ~PackBuilder();
  PackBuilder(const PackBuilder&) = delete;
  PackBuilder& operator=(const PackBuilder&) = delete;

  [[nodiscard]] bool fits(std::uint32_t sealed_bytes) const;

  // A record's place; only for one that fits. Not thread-safe. Every place must be completed or
  // abandoned.
  [[nodiscard]] ContentsEntry reserve(const RecordHeader& header);
  // Thread-safe, as are the rest up to finish().
  void seal(const ContentsEntry& entry, base::ByteView payload);
  void complete(const ContentsEntry& entry);
  // The place stays empty, and nothing names it.
  void abandon(const ContentsEntry& entry);
  // The payload of a sealed record, opened again; false if it cannot be.
  [[nodiscard]] bool open(const ContentsEntry& entry, base::MutableByteView payload) const;
  // Of a pack that is kept in a spool: the records that were completed since the last call, in the
  // order of their places, and the bytes that they are.
  [[nodiscard]] std::vector<ContentsEntry> take_completed();
  [[nodiscard]] base::ByteView header() const { return place(0, kPackHeaderBytes); }
  [[nodiscard]] base::ByteView stretch(std::uint64_t offset, std::uint64_t size_bytes) const {
    return place(offset, size_bytes);
  }

  // No more places will be reserved: waits for those that are, then writes everything after the
  // records.
  void finish();
  [[nodiscard]] bool empty() const { return entries_.lock()->empty(); }

  // After finish():
  [[nodiscard]] base::ByteView bytes() const { return {buffer_.get(), end_}; }
  [[nodiscard]] const PackId& id() const { return id_; }
  [[nodiscard]] PackRow row() const;
  [[nodiscard]] std::vector<IndexedChunk> chunks() const;
  // The same records under a fresh salt, and so another name; finished too.
  [[nodiscard]] std::unique_ptr<PackBuilder> resealed() const;

 private:
  [[nodiscard]] base::MutableByteView place(std::uint64_t offset, std::uint64_t size_bytes) const {
    return {buffer_.get() + offset, size_bytes};
  }
  void leave_place();

  const TenantKeys& keys_;
  PackLimits limits_;
  std::shared_ptr<PackBuffers> buffers_;
  PackCipher cipher_;
  PackBuffers::Buffer buffer_;
  std::uint64_t end_ = kPackHeaderBytes;
  std::uint32_t reserved_ = 0;
  std::atomic<std::uint32_t> incomplete_{0};
  base::Synchronized<std::vector<ContentsEntry>> entries_;  // complete ones; sorted by finish()
  base::Synchronized<std::vector<ContentsEntry>> not_taken_;
  PackId id_;
};

PackSalt new_salt();

}  // namespace store

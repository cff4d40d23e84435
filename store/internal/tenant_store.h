// The contents and snapshots of one tenant, on its chunk store.
#pragma once

#include "store/chunk_store.h"
#include "store/internal/chunker.h"
#include "store/internal/export_notes.h"
#include "store/internal/leases.h"
#include "store/repository.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace store {

// Passes everything on, and counts what is put.
class CountingChunkStore final : public ChunkStore {
 public:
  explicit CountingChunkStore(std::unique_ptr<ChunkStore> chunks) : chunks_(std::move(chunks)) {}

  PutResult put(ChunkClass chunk_class, base::ByteView plaintext) override {
    put_bytes_ += plaintext.size();
    return chunks_->put(chunk_class, plaintext);
  }
  [[nodiscard]] std::optional<base::Bytes> get(const ChunkId& id) const override {
    return chunks_->get(id);
  }
  [[nodiscard]] bool contains(const ChunkId& id) const override { return chunks_->contains(id); }
  [[nodiscard]] bool rely_on(const ChunkId& id) override { return chunks_->rely_on(id); }
  void keep() override { chunks_->keep(); }
  void flush() override { chunks_->flush(); }

  [[nodiscard]] std::uint64_t put_bytes() const { return put_bytes_; }

 private:
  std::unique_ptr<ChunkStore> chunks_;
  std::atomic<std::uint64_t> put_bytes_{0};
};

// Thread-safe.
class ChunkedTenantStore final : public TenantStore {
 public:
  // Leases and notes outlive it.
  ChunkedTenantStore(TenantDomain domain, base::ByteView chunker_key,
                     std::unique_ptr<ChunkStore> chunks, Leases& leases, ExportNotes notes,
                     Access access);

  [[nodiscard]] std::unique_ptr<ContentWriter> new_content() override;
  [[nodiscard]] std::unique_ptr<ContentReader> open_content(const ContentRef& ref) const override;
  [[nodiscard]] base::Bytes read_content(const ContentRef& ref) const override;
  [[nodiscard]] std::unique_ptr<SnapshotReader> open_snapshot(
      const Snapshot& snapshot) const override;
  [[nodiscard]] std::unique_ptr<SnapshotWriter> new_snapshot(const Snapshot* base) override;
  void note_exported(const std::string& mailbox_id, std::span<const ExportedItem> items) override;
  [[nodiscard]] std::optional<ContentRef> exported(const std::string& mailbox_id,
                                                   const std::string& item_id,
                                                   const std::string& change_key) override;
  [[nodiscard]] std::uint64_t uncommitted_bytes() const override;

  [[nodiscard]] ChunkStore& chunks() { return chunks_; }
  [[nodiscard]] const ChunkStore& chunks() const { return chunks_; }
  // Error(corrupt) unless everything that the snapshot names directly is in the store; it may lie
  // in a pack that could not be read when the store was opened.
  void require_roots(const Snapshot& snapshot) const;
  // What was put before this moment is about to be committed.
  [[nodiscard]] std::uint64_t mark() const { return chunks_.put_bytes(); }
  void committed_up_to(std::uint64_t mark) { committed_bytes_ = mark; }

 private:
  void require_writing() const;
  void require_own(const Snapshot& snapshot) const;

  TenantDomain domain_;
  GearTable gear_;
  CountingChunkStore chunks_;
  Leases& leases_;
  ExportNotes notes_;
  Access access_;
  std::atomic<std::uint64_t> committed_bytes_{0};
};

}  // namespace store

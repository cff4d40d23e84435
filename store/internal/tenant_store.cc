#include "store/internal/tenant_store.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/snapshot_maps.h"
#include "store/internal/stream_content.h"

#include <algorithm>
#include <utility>

namespace store {

ChunkedTenantStore::ChunkedTenantStore(TenantDomain domain, base::ByteView chunker_key,
                                       std::unique_ptr<ChunkStore> chunks, Leases& leases,
                                       ExportNotes notes, Access access)
    : domain_(std::move(domain)),
      gear_(chunker_key),
      chunks_(std::move(chunks)),
      leases_(leases),
      notes_(notes),
      access_(access) {}

void ChunkedTenantStore::require_writing() const {
  base::check(access_ != Access::read, "a repository opened for reading is not written to");
}

void ChunkedTenantStore::require_own(const Snapshot& snapshot) const {
  base::check(snapshot.tenant == domain_, "a snapshot is opened in the store of its tenant");
}

std::unique_ptr<ContentWriter> ChunkedTenantStore::new_content() {
  require_writing();
  return write_content(chunks_, gear_);
}

std::unique_ptr<ContentReader> ChunkedTenantStore::open_content(const ContentRef& ref) const {
  return store::read_content(chunks_, ref);
}

base::Bytes ChunkedTenantStore::read_content(const ContentRef& ref) const {
  const std::unique_ptr<ContentReader> reader = open_content(ref);
  base::Bytes content(ref.size_bytes);
  std::size_t filled = 0;
  for (;;) {
    const std::size_t size = reader->read(base::MutableByteView{content}.subspan(filled));
    if (size == 0) break;
    filled += size;
  }
  return content;
}

std::unique_ptr<SnapshotReader> ChunkedTenantStore::open_snapshot(const Snapshot& snapshot) const {
  require_own(snapshot);
  // Who writes may go on from it without writing anything of it anew.
  if (access_ != Access::read) leases_.read_from(snapshot);
  return read_snapshot(chunks_, snapshot);
}

std::unique_ptr<SnapshotWriter> ChunkedTenantStore::new_snapshot(const Snapshot* base) {
  require_writing();
  if (base != nullptr) {
    require_own(*base);
    leases_.rely_on(*base);
  }
  return write_snapshot(chunks_, base != nullptr ? base->roots : SnapshotRoots{});
}

void ChunkedTenantStore::note_exported(const std::string& mailbox_id,
                                       std::span<const ExportedItem> items) {
  require_writing();
  chunks_.keep();  // first: what is noted is there
  notes_.add(domain_, mailbox_id, items);
}

std::optional<ContentRef> ChunkedTenantStore::exported(const std::string& mailbox_id,
                                                       const std::string& item_id,
                                                       const std::string& change_key) {
  require_writing();
  return notes_.find(chunks_, domain_, mailbox_id, item_id, change_key);
}

std::uint64_t ChunkedTenantStore::uncommitted_bytes() const {
  // In this order: a commit in between must not make the difference negative.
  const std::uint64_t committed = committed_bytes_;
  return chunks_.put_bytes() - committed;
}

void ChunkedTenantStore::require_roots(const Snapshot& snapshot) const {
  const auto require = [&](const std::optional<ChunkId>& chunk) {
    if (!chunk || chunks_.contains(*chunk)) return;
    throw base::Error{base::ErrorKind::corrupt,
                      base::text("the restore point of ", snapshot.address,
                                 " is not committed, since chunk ", chunk->hex(),
                                 ", which it begins with, is not in the store: run `coffer check "
                                 "--repair`")};
  };
  require(snapshot.roots.folders);
  require(snapshot.roots.items);
  require(snapshot.roots.display);
  if (snapshot.state && snapshot.state->size_bytes > 0) require(snapshot.state->chunk);
}

}  // namespace store

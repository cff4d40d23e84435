// The lower half of a store, small and quick: backend in memory, index in a directory of its own,
// cheap key slots.
#pragma once

#include "src/base/error.h"
#include "store/chunk_store.h"
#include "store/index.h"
#include "store/internal/codec.h"
#include "store/internal/sealed_chunk_store.h"
#include "store/keys.h"
#include "store/memory_backend.h"
#include "store/packs.h"
#include "tests/support/failure.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <memory>
#include <string>
#include <vector>

namespace test {

// Far below what is allowed outside tests.
inline constexpr store::KdfCost kCheapKdf{8 << 10, 1};

// Bytes that do not compress; the same for the same seed.
base::Bytes noise(std::uint64_t seed, std::size_t size_bytes);
// Bytes that do.
base::Bytes prose(std::uint64_t seed, std::size_t size_bytes);

class SmallStore {
 public:
  explicit SmallStore(const store::ChunkStoreSettings& settings = {});

  [[nodiscard]] store::MemoryBackend& backend() { return backend_; }
  [[nodiscard]] store::Index& index() { return *index_; }
  [[nodiscard]] store::ChunkStore& chunks() { return *chunks_; }
  [[nodiscard]] const store::KeyRing& keys() const { return *keys_; }
  [[nodiscard]] const store::TenantKeys& tenant() const { return keys_->tenant(kTenant); }
  [[nodiscard]] VirtualClock& clock() { return clock_; }

  // Like a crash and a new start: what was not flushed is gone.
  void reopen();
  // The same, with another codec.
  void reopen_with(std::unique_ptr<store::Codec> codec);

  [[nodiscard]] std::vector<std::string> pack_names() const { return backend_.names("pack/"); }
  [[nodiscard]] std::vector<store::PackObject> packs() const;
  [[nodiscard]] store::PackFindings verify(const store::PackObject& pack) const;

  static inline const store::TenantDomain kTenant{"contoso.com"};

 private:
  TemporaryDirectory directory_;
  VirtualClock clock_;
  store::MemoryBackend backend_;
  store::Leases leases_;
  store::ChunkStoreSettings settings_;
  std::unique_ptr<store::Codec> codec_ = store::make_zstd_codec();
  std::unique_ptr<store::KeyRing> keys_;
  std::unique_ptr<store::Index> index_;
  std::unique_ptr<store::ChunkStore> chunks_;
};

}  // namespace test

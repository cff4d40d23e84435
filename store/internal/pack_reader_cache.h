// The packs that were read from last, so that a chunk costs one read of the backend.
#pragma once

#include "store/internal/pack_reader.h"
#include "store/internal/recently_used.h"

#include <cstdint>
#include <memory>

namespace store {

// Thread-safe.
class PackReaderCache {
 public:
  // All that is given outlives the cache.
  PackReaderCache(const Backend& backend, const Index& index, const RepositoryId& repository,
                  const TenantKeys& keys);

  // Error(corrupt) if the index knows no such pack, or its header is damaged. Shared, because
  // another thread may push it out of the cache while it is read from.
  [[nodiscard]] std::shared_ptr<const PackReader> reader(std::uint32_t pack_number);

 private:
  const Backend& backend_;
  const Index& index_;
  const RepositoryId repository_;
  const TenantKeys& keys_;
  RecentlyUsed<std::uint32_t, std::shared_ptr<const PackReader>> recent_;
};

}  // namespace store

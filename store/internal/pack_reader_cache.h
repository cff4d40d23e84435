// The packs that were read from last, so that a chunk costs one read of the backend.
#pragma once

#include "src/base/synchronized.h"
#include "store/internal/pack_reader.h"

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

namespace store {

// Thread-safe.
class PackReaderCache {
 public:
  // All that is given outlives the cache.
  PackReaderCache(const Backend& backend, const Index& index, const RepositoryId& repository,
                  const TenantKeys& keys)
      : backend_(backend), index_(index), repository_(repository), keys_(keys) {}

  // Error(corrupt) if the index knows no such pack, or its header is damaged. Shared, because
  // another thread may push it out of the cache while it is read from.
  [[nodiscard]] std::shared_ptr<const PackReader> reader(std::uint32_t pack_number);

 private:
  using Recent = std::list<std::pair<std::uint32_t, std::shared_ptr<const PackReader>>>;
  struct State {
    Recent recent;  // last used first
    std::unordered_map<std::uint32_t, Recent::iterator> by_number;
  };

  const Backend& backend_;
  const Index& index_;
  const RepositoryId repository_;
  const TenantKeys& keys_;
  base::Synchronized<State> state_;
};

}  // namespace store

#include "store/internal/pack_reader_cache.h"

#include "src/base/error.h"
#include "src/base/text.h"

namespace store {
namespace {

constexpr std::size_t kMostReaders = 256;  // each holds a page of locked memory

}  // namespace

PackReaderCache::PackReaderCache(const Backend& backend, const Index& index,
                                 const RepositoryId& repository, const TenantKeys& keys)
    : backend_(backend),
      index_(index),
      repository_(repository),
      keys_(keys),
      recent_(kMostReaders) {}

std::shared_ptr<const PackReader> PackReaderCache::reader(std::uint32_t pack_number) {
  if (auto known = recent_.find(pack_number)) return std::move(*known);
  // Opened without a lock: it reads from the backend. Two threads may open the same; either will
  // do.
  const std::optional<PackRow> row = index_.pack(pack_number);
  if (!row) {
    throw base::Error{base::ErrorKind::corrupt,
                      base::text("the index names pack number ", pack_number, ", which it lacks")};
  }
  auto opened = std::make_shared<const PackReader>(backend_, *row, repository_, keys_);
  recent_.insert(pack_number, opened);
  return opened;
}

}  // namespace store

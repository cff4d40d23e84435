#include "store/internal/pack_reader_cache.h"

#include "src/base/error.h"
#include "src/base/text.h"

namespace store {
namespace {

constexpr std::size_t kMostReaders = 256;  // each holds a page of locked memory

}  // namespace

std::shared_ptr<const PackReader> PackReaderCache::reader(std::uint32_t pack_number) {
  {
    auto state = state_.lock();
    const auto known = state->by_number.find(pack_number);
    if (known != state->by_number.end()) {
      state->recent.splice(state->recent.begin(), state->recent, known->second);
      return known->second->second;
    }
  }
  // Opened without the lock: it reads from the backend. Two threads may open the same one; either
  // will do.
  const std::optional<PackRow> row = index_.pack(pack_number);
  if (!row) {
    throw base::Error{base::ErrorKind::corrupt,
                      base::text("the index names pack number ", pack_number, ", which it lacks")};
  }
  auto opened = std::make_shared<const PackReader>(backend_, *row, repository_, keys_);
  auto state = state_.lock();
  if (!state->by_number.contains(pack_number)) {
    state->recent.emplace_front(pack_number, opened);
    state->by_number.emplace(pack_number, state->recent.begin());
    if (state->recent.size() > kMostReaders) {
      state->by_number.erase(state->recent.back().first);
      state->recent.pop_back();
    }
  }
  return opened;
}

}  // namespace store

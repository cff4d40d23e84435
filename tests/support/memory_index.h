// An index in memory, for tests: what RocksDB would hold, to be copied, cut short, lost and put
// back.
#pragma once

#include "store/index.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <vector>

namespace test {

// The place of an index. Stands the same tests as RocksDB's.
class MemoryIndex {
 public:
  struct State;
  using Batch = std::function<void(State&)>;
  // Batches never change, and copies share them.
  using Batches = std::vector<std::shared_ptr<const Batch>>;
  enum class Moment : std::uint8_t { before, after };
  // Called around each batch that is written, on the writer's thread; what it throws is the write's
  // failure.
  using Hook = std::function<void(Moment)>;

  // Errors as store::Index::open(). The returned index may outlive the place.
  [[nodiscard]] std::unique_ptr<store::Index> open(store::Index::Mode mode,
                                                   const store::RepositoryId& repository);

  // Not while other threads use the index.
  void set_hook(Hook hook) { *hook_ = std::move(hook); }

  // All that was ever written to the index that is there now, in its order; empty if there is none.
  [[nodiscard]] Batches written() const;
  // The index is what these batches make it: an older one, or a shorter. Those who have one open
  // keep what they have.
  void put_back(const Batches& batches);
  void lose() { put_back({}); }

  // Of the packs that the index names, whether by a row of theirs or of a chunk of theirs.
  // Error(corrupt) if a chunk lies in a pack that has no row.
  [[nodiscard]] std::set<store::PackId> packs() const;

 private:
  struct Content;

  std::shared_ptr<Content> content_;  // shared with those who have it open
  std::shared_ptr<Hook> hook_ = std::make_shared<Hook>();
};

}  // namespace test

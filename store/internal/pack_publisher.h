// Takes full packs out of the writers' way: finishes, publishes and indexes them, one after the
// other, on a thread of its own.
//
// Who brings a pack while another is being written waits until that is done, so memory stays flat:
// one pack is written while the next is filled.
// The first failure is final: everything after it throws that error.
#pragma once

#include "src/base/error.h"
#include "store/backend.h"
#include "store/index.h"
#include "store/internal/leases.h"
#include "store/internal/pack_builder.h"
#include "store/keys.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace store {

// Thread-safe.
class PackPublisher {
 public:
  using Pack =
      std::shared_ptr<PackBuilder>;  // shared with readers of chunks that are not published yet
  // On the publisher's thread: the pack is durable and indexed.
  using OnPublished = std::function<void(const PackBuilder&)>;

  // All that is given outlives the publisher. `parity`: each pack gets its parity before it is
  // indexed.
  PackPublisher(Backend& backend, Index& index, const RepositoryId& repository,
                const TenantKeys& keys, Leases& leases, bool parity, OnPublished on_published);
  // Leaves packs that still wait unpublished.
  ~PackPublisher();
  PackPublisher(const PackPublisher&) = delete;
  PackPublisher& operator=(const PackPublisher&) = delete;

  // Waits for room. Throws the failure.
  void submit(Pack pack);
  // Until all that has been submitted is durable and indexed. Throws the failure.
  void drain();
  // Throws the failure, if there has been one. Cheap.
  void check() const;

 private:
  void run(std::stop_token stop);
  void publish(PackBuilder& pack);
  void check_finished(const PackBuilder& pack) const;
  void publish_parity(const PackBuilder& pack);
  // With the mutex held. The exception that is being handled is the failure.
  void fail();
  void throw_failure() const;

  Backend& backend_;
  Index& index_;
  const RepositoryId repository_;
  const TenantKeys& keys_;
  Leases& leases_;
  const bool parity_;
  OnPublished on_published_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Pack next_;  // null unless it has just been submitted
  std::uint64_t submitted_ = 0;
  std::uint64_t published_ = 0;
  std::optional<base::Error> failure_;
  std::atomic<bool> failed_{false};
  std::jthread thread_;  // started by the first pack; last, so that it ends first
};

}  // namespace store

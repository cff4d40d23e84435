// A repository on any backend, with mailboxes that are quick to make and to compare.
#pragma once

#include "store/backend.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

// The streams of a mailbox, by folder and item id.
using Streams = std::map<std::pair<std::string, std::string>, base::Bytes>;

class SmallRepository {
 public:
  // Makes a store there. The backend outlives it.
  explicit SmallRepository(store::Backend& backend);

  // Drops the repository that is open, as a dying process would, and opens it again.
  store::Repository& reopen(store::Access access = store::Access::write);
  // From now on new packs get parity.
  store::Repository& reopen_with_parity();
  // The same store on another backend; to be reopened.
  void move_to(store::Backend& backend) { backend_ = &backend; }
  // Besides the one that is open.
  [[nodiscard]] std::unique_ptr<store::Repository> open(store::Access access);
  void close() { repository_.reset(); }

  [[nodiscard]] store::Repository& repository() { return *repository_; }
  [[nodiscard]] store::TenantStore& tenant() { return repository_->tenant(kTenant); }
  [[nodiscard]] const store::Repository::Settings& settings() const { return settings_; }
  [[nodiscard]] const base::Secret& passphrase() const { return passphrase_; }
  [[nodiscard]] const base::Secret& recovery_key() const { return recovery_key_; }
  [[nodiscard]] VirtualClock& clock() { return clock_; }

  // Puts the streams and builds the snapshot; not committed.
  [[nodiscard]] store::Snapshot prepare(const std::string& mailbox, const Streams& streams,
                                        const store::Snapshot* base = nullptr);
  // The same, committed.
  store::Snapshot back_up(const std::string& mailbox, const Streams& streams,
                          const store::Snapshot* base = nullptr);
  // With what a backup notes for the next one.
  store::Snapshot back_up_with_notes(const std::string& mailbox, const Streams& streams,
                                     std::string_view notes, const store::Snapshot* base = nullptr);

  static inline const store::TenantDomain kTenant{"contoso.com"};

 private:
  store::Backend* backend_;
  TemporaryDirectory directory_;
  store::Repository::Settings settings_;
  base::Secret passphrase_{std::string_view{"correct horse battery staple"}};
  VirtualClock clock_;
  base::Secret recovery_key_;
  std::unique_ptr<store::Repository> repository_;
};

// A bit of what is stored of the chunk is flipped, in every pack that has it.
void damage_chunk(store::MemoryBackend& backend, const SmallRepository& store,
                  const store::ChunkId& id);

// What a snapshot gives back: every stream read whole.
Streams restore(store::Repository& repository, const store::Snapshot& snapshot);

// A mailbox of three folders whose items are of all sizes; the same for the same seed.
Streams random_streams(std::uint64_t seed, std::size_t items, std::size_t largest_bytes = 30'000);

}  // namespace test

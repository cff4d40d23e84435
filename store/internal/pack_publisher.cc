#include "store/internal/pack_publisher.h"

#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"
#include "store/internal/pack_reader.h"
#include "store/internal/parity_objects.h"

#include <utility>

namespace store {

PackPublisher::PackPublisher(Backend& backend, Index& index, const RepositoryId& repository,
                             const TenantKeys& keys, Leases& leases, bool parity,
                             OnPublished on_published)
    : backend_(backend),
      index_(index),
      repository_(repository),
      keys_(keys),
      leases_(leases),
      parity_(parity),
      on_published_(std::move(on_published)) {}

PackPublisher::~PackPublisher() = default;

void PackPublisher::submit(Pack pack) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return failure_ || published_ == submitted_; });
  throw_failure();
  try {
    if (!thread_.joinable()) {
      thread_ = std::jthread{[this](std::stop_token stop) { run(std::move(stop)); }};
    }
    next_ = std::move(pack);
  } catch (...) {
    fail();  // the pack is lost, and others may rely on its chunks already
    throw_failure();
  }
  ++submitted_;
  changed_.notify_all();
}

void PackPublisher::drain() {
  std::unique_lock lock{mutex_};
  const std::uint64_t until = submitted_;
  changed_.wait(lock, [&] { return failure_ || published_ >= until; });
  throw_failure();
}

void PackPublisher::check() const {
  if (!failed_) return;
  const std::lock_guard lock{mutex_};
  throw_failure();
}

void PackPublisher::throw_failure() const {
  if (failure_) throw base::Error{*failure_};
}

void PackPublisher::fail() {
  failure_ = base::current_error();
  failure_->add_context("writing to the store");
  failed_ = true;
  changed_.notify_all();
}

void PackPublisher::run(std::stop_token stop) {
  while (true) {
    Pack pack;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, stop, [&] { return next_ != nullptr; });
      if (stop.stop_requested()) return;
      pack = std::exchange(next_, nullptr);
    }
    try {
      publish(*pack);
    } catch (...) {
      const std::lock_guard lock{mutex_};
      fail();
      return;
    }
    pack.reset();  // its buffer is free before the next pack is let in
    const std::lock_guard lock{mutex_};
    ++published_;
    changed_.notify_all();
  }
}

void PackPublisher::publish(PackBuilder& pack) {
  pack.finish();
  // A failed sync is final for that file: what the system then holds of it is unknown, so the pack
  // is written again from memory under a new name. Twice in a row is the disk's word.
  std::unique_ptr<PackBuilder> again;
  const PackBuilder* current = &pack;
  for (bool retried = false;; retried = true) {
    if (current->empty()) break;
    check_finished(*current);
    const base::ByteView whole = current->bytes();
    try {
      backend_.put_if_absent(pack_name(current->row().chunk_class, current->id()), {&whole, 1});
      break;
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::disk || retried) throw;
      base::log(base::LogLevel::warning,
                "a pack could not be written and is written again: ", error.what());
    }
    again = pack.resealed();
    current = again.get();
  }
  if (!current->empty()) {
    if (parity_) publish_parity(*current);
    leases_.rely_on(current->id());  // first: nothing names its chunks until a commit does
    index_.add_pack(current->row(), current->chunks());
  }
  on_published_(pack);
  // Work that met one of its chunks on the way, and began after the pack was leased, relies on it.
  if (!current->empty()) leases_.rely_on(current->id());
}

void PackPublisher::publish_parity(const PackBuilder& pack) {
  put_parity(backend_, pack.id(), encode_parity(pack.row().chunk_class, pack.id(), pack.bytes()));
}

// The chunks have been verified one by one; this is for what was written around them.
void PackPublisher::check_finished(const PackBuilder& pack) const {
  const PackRow row = pack.row();
  const base::ByteView bytes = pack.bytes();
  const PackTail tail =
      read_tail(bytes, bytes.size(), repository_, row.chunk_class, always_those(keys_),
                row.id.hex(), [&](std::uint64_t) { return bytes; });
  if (tail.entries.size() != row.chunks) {
    throw base::Error{base::ErrorKind::failed, "a pack in memory does not hold what was put in it"};
  }
}

}  // namespace store

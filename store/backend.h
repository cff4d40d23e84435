// Where the objects of a repository lie: named, immutable once published, durable when a call has
// returned.
//
// Names are relative, of [a-z0-9/._-], and the same in a directory and in a bucket (FORMAT.md,
// layout). Thread-safe. Errors: Error(disk), Error(full), Error(not_found) naming the object.
#pragma once

#include "src/base/bytes.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace store {

class Backend {
 public:
  virtual ~Backend() = default;

  enum class Put : std::uint8_t { stored, exists };

  // Publishes the parts, one after the other, as one object; all of it or nothing is ever visible.
  // `exists` if the name is taken: the object there is left alone.
  virtual Put put_if_absent(std::string_view name, std::span<const base::ByteView> parts) = 0;

  // Replaces a small object in one step. For the few that change: configuration copies and key
  // slots.
  virtual void replace(std::string_view name, base::ByteView content) = 0;

  // `size_bytes` bytes from `offset`. Error(corrupt) if the object ends before that.
  [[nodiscard]] virtual base::Bytes read(std::string_view name, std::uint64_t offset,
                                         std::size_t size_bytes) const = 0;

  // Empty if there is no such object.
  [[nodiscard]] virtual std::optional<std::uint64_t> size_bytes(std::string_view name) const = 0;

  // Every object whose name begins with `prefix` ("pack/d/"), in no order. Unpublished ones never
  // show.
  virtual void list(std::string_view prefix,
                    const std::function<void(const std::string& name, std::uint64_t size_bytes)>&
                        on_object) const = 0;

  // Gives the object a second name with the same bytes, which stay when the first is replaced or
  // removed. Nothing happens if the second name is taken. Error(not_found) if there is no object.
  virtual void keep_copy(std::string_view name, std::string_view copy);

  // Nothing happens if it is not there.
  virtual void remove(std::string_view name) = 0;

  // Objects are deleted in two steps. discard() takes one out of sight: list() and size_bytes() no
  // longer tell of it, and its name is free again; until the batch is emptied, read() still gives a
  // pack's bytes to those who knew it before, and people can have it back by hand.
  virtual void discard(std::string_view name, std::uint64_t batch) = 0;
  // Ascending.
  [[nodiscard]] virtual std::vector<std::uint64_t> discarded_batches() const = 0;
  // For good. Gives the bytes that the batch had; 0 if there is none.
  virtual std::uint64_t empty_batch(std::uint64_t batch) = 0;

  // Space that is left; empty where nobody can tell.
  [[nodiscard]] virtual std::optional<std::uint64_t> free_bytes() const { return std::nullopt; }
  // Space that is set aside, so that what frees space works on a full disk, too. Nothing happens
  // where there is no such thing, or no space for it. The caller holds the lock.
  virtual void keep_reserve(std::uint64_t size_bytes) { static_cast<void>(size_bytes); }
  virtual void release_reserve() {}
  // Makes it as large as it should be, or as what is left allows: for those who have used it.
  virtual void regain_reserve(std::uint64_t size_bytes) { static_cast<void>(size_bytes); }

  // What lies where the repository would, by the first component of its name, of ours or not; empty
  // if the place is clear. A place may hold more than objects: a directory that somebody else uses
  // is no place for a store.
  [[nodiscard]] virtual std::set<std::string> occupants() const;

  // For messages: "/var/lib/coffer/store".
  [[nodiscard]] virtual std::string describe() const = 0;

  // Writers exclude each other: Error(in_use) names the one that holds the lock. Held until the
  // returned object is dropped, and gone with a process that dies.
  class Lock {
   public:
    virtual ~Lock() = default;
  };
  enum class Reserve : std::uint8_t { keep, use };  // when there is no space left to note the owner
  [[nodiscard]] virtual std::unique_ptr<Lock> lock_for_writing(Reserve reserve) = 0;
  [[nodiscard]] std::unique_ptr<Lock> lock_for_writing() { return lock_for_writing(Reserve::keep); }
};

}  // namespace store

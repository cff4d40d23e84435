// The commit log: one hash-chained sequence of records a writer, never changed once written.
#pragma once

#include "src/base/error.h"
#include "store/backend.h"
#include "store/index.h"
#include "store/internal/commit_record.h"
#include "store/keys.h"

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace store {

// Not thread-safe.
class CommitLog {
 public:
  // Both outlive the log.
  CommitLog(Backend& backend, const KeyRing& keys) : backend_(&backend), keys_(&keys) {}

  // The last sequence of each writer, as the backend lists it now. Error(corrupt) if a record
  // within a chain is missing, or something else lies there.
  using Chains = std::map<WriterId, std::uint64_t>;
  [[nodiscard]] Chains chains() const;

  // Made of the record as it lies there, unproven; 0 stands before the first. Error(corrupt) if it
  // is missing or too large to be one.
  [[nodiscard]] LogCursor cursor_at(const WriterId& writer, std::uint64_t sequence) const;

  // Whether the record is there and is the one that the cursor was made of.
  [[nodiscard]] bool holds(const LogCursor& cursor) const;

  // Whether `object`, which may lie elsewhere by now, is the record of that name, whole.
  [[nodiscard]] bool can_open(const std::string& object, const std::string& name) const;

  using OnRecord = std::function<void(const CommitRecord& record, const LogCursor& cursor)>;
  // Reads on from what is known of each writer up to the ends of `chains`, in an order in which no
  // record comes before one that its writer knew. Each is proven to follow the one before it.
  // Error(corrupt) otherwise, and if a chain is shorter than another one says.
  using Cursors = std::map<WriterId, LogCursor>;
  void read_on(const Cursors& known, const Chains& chains, const OnRecord& on_record) const;

  // Reads and proves the whole log, and that every chain is as long as the others say.
  using OnError = std::function<void(const base::Error& error)>;
  void verify(const OnRecord& on_record, const OnError& on_error) const;

  // Adds the record that follows `head`, synced; what says so in it is filled in. Error(in_use) if
  // another process got there first.
  LogCursor append(const LogCursor& head, CommitRecord record) const;

 private:
  struct Listing {
    std::map<WriterId, std::vector<std::uint64_t>> sequences;  // ascending
    std::vector<std::string> strangers;
  };
  // A record, and what is known once it has been read.
  struct Proven {
    CommitRecord record;
    LogCursor cursor;
  };
  [[nodiscard]] Proven read_after(const LogCursor& head) const;
  [[nodiscard]] Listing list() const;
  [[nodiscard]] base::Bytes read(const std::string& name) const;

  Backend* backend_;
  const KeyRing* keys_;
};

// How far the index includes each chain.
CommitLog::Cursors cursors_of(const Index& index);

}  // namespace store

// Journals: sealed entries one after the other, each tied to the one before it by its hash, so that
// none can be changed, taken out, put in or moved unseen. That the last ones were cut off shows
// only to those who know how far a journal reached.
//
// They need no lock: any process that has the key adds to them, also beside a writer.
#pragma once

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "src/base/error.h"
#include "store/backend.h"
#include "store/keys.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

// Not thread-safe.
class Journal {
 public:
  // More than that is no entry.
  static constexpr std::size_t kMostContentBytes = std::size_t{8} << 20;

  // What the next entry is tied to: the last one. Sequence 0 stands before the first.
  struct Head {
    std::uint64_t sequence = 0;
    base::Sha256 hash{};

    bool operator==(const Head&) const = default;
  };

  // Both outlive it. `name` as objects have it: "audit", "restore/01j…".
  Journal(Backend& backend, const KeyRing& keys, std::string name);

  [[nodiscard]] const std::string& name() const { return name_; }

  // As it lies there now, unproven. A last entry that cannot be read gives a hash of zeros: what
  // follows is then tied to nothing, which read() tells.
  [[nodiscard]] Head head() const;

  // Adds the entry that follows `head`, durable when it returns. Empty if another process has
  // added one there.
  [[nodiscard]] std::optional<Head> append_after(const Head& head, base::ByteView content);
  // Adds an entry after whatever lies there by then.
  Head append(base::ByteView content);

  // Tells the entries in their order, from the first on, and how the chain is broken: entries that
  // are missing, damaged, forged, or tied to another one than lies before them. Gives the head that
  // it came to.
  using OnEntry = std::function<void(std::uint64_t sequence, base::ByteView content)>;
  using OnError = std::function<void(const base::Error& error)>;
  Head read(const OnEntry& on_entry, const OnError& on_error) const;

  // Of the entry as it lies there, unproven. Error(not_found).
  [[nodiscard]] base::Sha256 hash_of(std::uint64_t sequence) const {
    return base::sha256(read_object(object_of(sequence)));
  }
  // One entry. Error(not_found), Error(corrupt).
  [[nodiscard]] base::Bytes read_one(std::uint64_t sequence) const;

  // All that it has, from the first entry on: what is left when that is cut short is no journal any
  // more.
  void remove();

 private:
  struct Opened {
    base::Sha256 previous;
    base::Bytes content;
  };
  [[nodiscard]] std::vector<std::uint64_t> sequences(const OnError& on_error) const;  // ascending
  [[nodiscard]] std::string object_of(std::uint64_t sequence) const;
  [[nodiscard]] base::Bytes read_object(const std::string& object) const;
  [[nodiscard]] Opened open(base::ByteView object, const std::string& name,
                            std::uint64_t sequence) const;

  Backend* backend_;
  const KeyRing* keys_;
  std::string name_;
};

// Who did what with the store and the mailboxes. Commit records say how far it reached.
inline constexpr std::string_view kAuditJournal = "audit";

// The journals of a repository. They live as long as it does.
class Journals {
 public:
  Journals(Backend& backend, const KeyRing& keys) : backend_(&backend), keys_(&keys) {}

  // There or not: it begins with its first entry.
  [[nodiscard]] Journal open(std::string name) const {
    return {*backend_, *keys_, std::move(name)};
  }
  // Of those that lie below "<prefix>/".
  [[nodiscard]] std::vector<std::string> names_below(std::string_view prefix) const;

  // What a commit record is to bear witness of; empty where that cannot be told.
  [[nodiscard]] std::optional<Journal::Head> audit_reached() const;
  // Reads the whole commit log, and compares what its records say of the audit log with what is
  // there: entries that a record knew and that are gone, or are others. Gives the last one known.
  std::uint64_t check_audit_witnesses(const Journal::OnError& on_error) const;

 private:
  Backend* backend_;
  const KeyRing* keys_;
};

}  // namespace store

// The key slots of a repository, and the generation of its keys: what `coffer key` does.
//
// Everything here rewrites small files and no data. A kill at any point leaves a store that opens
// with every key that opened it before, and a repeated call completes what was cut off.
#pragma once

#include "src/base/secret.h"
#include "store/backend.h"
#include "store/journal.h"
#include "store/keys.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

struct OpenedMaster;

// "passphrase", "recovery_key", "key_file".
std::string_view name(SlotKind kind);

struct KeySlot {
  enum class Copy : std::uint8_t { whole, damaged, missing };

  std::string id;                // 16 hexadecimal digits
  std::optional<SlotKind> kind;  // empty if no copy tells it
  std::array<Copy, 3> copies{};
  bool in_use = false;          // the store was opened through it
  std::optional<KdfCost> cost;  // of a passphrase
  std::string problem;          // why it opens nothing; empty if it does
};

struct KeyState {
  std::uint32_t generation = 1;  // of new packs
  std::vector<KeySlot> slots;    // by id
};

// Takes no lock. Errors of KeyRing::open().
KeyState read_key_state(const Backend& backend, const base::Secret& key);

// Changes the keys of a store. Holds the writer's lock as long as it lives; not thread-safe.
//
// Removing a slot does not take back what its key has opened: whoever kept a copy of the slot and
// has its key, has the master key.
class KeyManagement {
 public:
  // Errors of KeyRing::open(), and in_use. Damaged copies are written anew first. The backend
  // outlives it.
  KeyManagement(Backend& backend, const base::Secret& key);
  ~KeyManagement();
  KeyManagement(const KeyManagement&) = delete;
  KeyManagement& operator=(const KeyManagement&) = delete;

  [[nodiscard]] KeyState state() const;

  // A key opens one slot: Error(usage) if it opens one already, so that removing a slot shuts its
  // key out. Each gives the id of the new slot, which has been read back and opened.
  std::string add_passphrase(const base::Secret& passphrase, const KdfCost& cost = {});
  // `content` is at least 32 random bytes.
  std::string add_key_file(const base::Secret& content);

  // Error(not_found) if there is no such slot; Error(usage) for the only one that opens the store,
  // and unless forced for the one in use (its key is the one of which it is known that somebody has
  // it) and for the last recovery key.
  enum class Removal : std::uint8_t { careful, forced };
  void remove(const std::string& id, Removal removal);

  // Makes a new recovery key, and takes back all older ones once `deliver` has returned: it gets
  // the key as it is printed and brings it to safety. If it throws, the new key is gone again and
  // the older ones stay.
  struct Replacement {
    std::string id;
    std::vector<std::string> removed;  // ids
  };
  Replacement replace_recovery_key(const std::function<void(const base::Secret& printed)>& deliver);

  // For what is done with the keys. Used while this is there.
  [[nodiscard]] Journals journals() const { return {backend_, *ring_}; }

  // Gives new packs a new generation of keys from the next opening of the repository on, and tells
  // its number. What is stored stays readable, and under its old generation until its packs are
  // written anew (PackContents::generation).
  std::uint32_t rotate();

 private:
  std::string add(SlotKind kind, const base::Secret& secret, const KdfCost& cost);
  void check_is_new(SlotKind kind, const base::Secret& secret) const;
  void remove_copies(const std::string& id);

  Backend& backend_;
  std::unique_ptr<Backend::Lock> lock_;
  std::unique_ptr<OpenedMaster> opened_;
  std::unique_ptr<KeyRing> ring_;  // of the same master
};

}  // namespace store

// The master key of a repository: what derives from it, and how a key that somebody holds opens one
// of the slots that wrap it.
#pragma once

#include "src/base/error.h"
#include "src/base/secret.h"
#include "store/backend.h"
#include "store/internal/key_slot.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "store/keys.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace store {

// Copies of the configuration, without their number.
inline constexpr const char* kConfigName = "conf/";

// Subkeys of the master, by number (FORMAT.md, keys).
enum class MasterKey : std::uint64_t { config = 1, log = 2, tenant_tags = 3, tenants = 4 };
base::Secret master_subkey(const base::Secret& master, MasterKey number);

// The slots that belong to one of these repositories and make sense, in the order in which they are
// tried: whatever lies below keys/, nothing is derived before this has been seen.
class SlotSearch {
 public:
  // The backend outlives the search.
  SlotSearch(const Backend& backend, const std::vector<RepositoryId>& repositories);

  struct Found {
    std::string slot;  // its name
    SlotKind kind;
    RepositoryId repository;
    base::Secret master;
  };
  // Tries `secret` on each slot of the kind, passphrases of small cost first, until one opens to a
  // master that `accept` takes. A passphrase costs a derivation a slot (and one more for each whole
  // copy that differs), and no more than kMostDerivations of them.
  template <typename Accept>
  std::optional<Found> find(SlotKind kind, const base::Secret& secret, Accept accept) {
    for (const Candidate& candidate : candidates_) {
      if (candidate.described.kind != kind) continue;
      std::optional<Found> found = try_candidate(candidate, secret);
      if (found && accept(*found)) return found;
    }
    return std::nullopt;
  }
  static constexpr unsigned kMostDerivations = 64;

  // Whether any slot of the repositories is whole, of whatever kind.
  [[nodiscard]] bool any() const { return !candidates_.empty(); }
  // Whether a passphrase or recovery key was tried on a slot. (A key file proves nothing by not
  // opening: any long passphrase is tried as one.)
  [[nodiscard]] bool tried() const { return tried_; }
  // Of a slot that could not be tried.
  [[nodiscard]] const std::optional<base::Error>& failure() const { return failure_; }

 private:
  struct Candidate {
    std::string slot;
    base::Bytes content;
    SlotDescription described;
  };
  void gather(const std::string& name, const std::vector<RepositoryId>& repositories);
  std::optional<Found> try_candidate(const Candidate& candidate, const base::Secret& secret);

  const Backend& backend_;
  std::vector<Candidate> candidates_;
  unsigned derivations_ = 0;
  bool tried_ = false;
  std::optional<base::Error> failure_;
};

// What a key has opened.
struct OpenedMaster {
  base::Secret key;
  std::string slot;         // name of the slot that it was in
  RepositoryConfig config;  // the newest that the master proves
};

// The ring of keys that derive from it.
std::unique_ptr<KeyRing> make_key_ring(const OpenedMaster& opened, const Backend& backend);

// Errors as of KeyRing::open().
OpenedMaster open_master(const Backend& backend, const base::Secret& key);

}  // namespace store

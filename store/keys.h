// The keys of a repository: one random master, wrapped once per slot, and everything else derived
// from it.
//
// Key material lives in locked, wiped memory (base::Secret). Thread-safe once opened.
#pragma once

#include "src/base/secret.h"
#include "store/backend.h"
#include "store/ids.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace store {

// Argon2id (RFC 9106). Parameters read from a slot are bounded before anything is allocated.
struct KdfCost {
  std::uint64_t memory_bytes = std::uint64_t{256} << 20;
  std::uint32_t passes = 3;
};

// What opens a slot. A passphrase may be weak and is derived slowly; the others are random, and
// cost nothing to try.
enum class SlotKind : std::uint8_t { passphrase = 1, recovery_key = 2, key_file = 3 };

// The keys of one tenant. The id and chunker keys outlive rotation; the pack root is per
// generation.
class TenantKeys {
 public:
  virtual ~TenantKeys() = default;
  // Empty where the keys were asked for by tag.
  [[nodiscard]] virtual const TenantDomain& domain() const = 0;
  [[nodiscard]] virtual base::ByteView id_key() const = 0;  // 32 bytes: HMAC-SHA-256 of chunk ids
  [[nodiscard]] virtual base::ByteView chunker_key() const = 0;  // 32 bytes: the Gear table
  // 16 bytes that stand for the tenant in pack headers and index keys; tell nothing without the
  // master.
  [[nodiscard]] virtual base::ByteView tag() const = 0;
  // 32 bytes, derived anew each time: headers that somebody planted may name any generation.
  [[nodiscard]] virtual base::Secret pack_root(std::uint32_t generation) const = 0;
  [[nodiscard]] virtual std::uint32_t current_generation() const = 0;
};

class KeyRing {
 public:
  virtual ~KeyRing() = default;

  // The caller holds the backend's lock. Error(usage) if there is a store already, or parts of one.
  // Writes conf/{0,1,2} and two slots: passphrase, and recovery key, which is given back to be
  // shown once.
  static base::Secret create(Backend& backend, const base::Secret& passphrase, const KdfCost& cost);

  // `key` is a passphrase, a recovery key or the content of a key file. Nobody has to say which: it
  // is tried as each that it can be, passphrases last, because each costs a derivation.
  // Errors: no_store; wrong_key; usage for a newer format; corrupt when no copy of the
  // configuration is whole.
  static std::unique_ptr<KeyRing> open(const Backend& backend, const base::Secret& key);

  [[nodiscard]] virtual const RepositoryId& repository() const = 0;
  [[nodiscard]] virtual base::ByteView log_key() const = 0;  // 32 bytes: seals commit records

  // Lives as long as the ring.
  [[nodiscard]] virtual const TenantKeys& tenant(const TenantDomain& domain) const = 0;
  // The same keys, found by the 16 bytes in a pack's header: the domain's name is not needed to
  // read packs. Shared, because a tag may be anybody's: those that are held are few.
  [[nodiscard]] virtual std::shared_ptr<const TenantKeys> tenant_of_tag(
      base::ByteView tag) const = 0;

  // Names of copies of the configuration and of key slots that were missing or damaged when the
  // ring was opened; the repository works from the others.
  [[nodiscard]] virtual const std::vector<std::string>& damaged_copies() const = 0;
  // The same as it is now: after a writer, perhaps this one, has healed them.
  [[nodiscard]] virtual std::vector<std::string> find_damaged_copies(
      const Backend& backend) const = 0;
  // Writes them anew from whole copies, and says so in the log; nothing happens if none were
  // damaged when the ring was opened. The caller holds the backend's lock.
  virtual void heal_copies(Backend& backend) const = 0;
};

}  // namespace store

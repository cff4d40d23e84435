#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "store/internal/healing.h"
#include "store/internal/key_slot.h"
#include "store/internal/master_key.h"
#include "store/internal/recently_used.h"
#include "store/internal/recovery_key.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "store/internal/sodium.h"
#include "store/keys.h"

#include <map>
#include <utility>

namespace store {
namespace {

using base::ErrorKind;

constexpr std::size_t kMasterBytes = 32;
constexpr std::size_t kTagBytes = 16;
// Tenants are few; tags in the headers of packs that somebody planted may be many.
constexpr std::size_t kMostByTag = 64;

constexpr char kTenantContext[] = "cofferTK";
constexpr char kPackContext[] = "cofferPK";
enum class TenantKey : std::uint64_t { chunk_ids = 1, chunker = 2 };

class DerivedTenantKeys final : public TenantKeys {
 public:
  DerivedTenantKeys(TenantDomain domain, base::ByteView tag, const base::Secret& root,
                    std::uint32_t generation)
      : domain_(std::move(domain)),
        tag_(base::to_bytes(tag)),
        root_(root.clone()),
        id_key_(subkey(TenantKey::chunk_ids)),
        chunker_key_(subkey(TenantKey::chunker)),
        generation_(generation) {}

  [[nodiscard]] const TenantDomain& domain() const override { return domain_; }
  [[nodiscard]] base::ByteView id_key() const override { return id_key_.bytes(); }
  [[nodiscard]] base::ByteView chunker_key() const override { return chunker_key_.bytes(); }
  [[nodiscard]] base::ByteView tag() const override { return tag_; }
  [[nodiscard]] base::Secret pack_root(std::uint32_t generation) const override {
    return derive_subkey(root_.bytes(), generation, kPackContext);
  }
  [[nodiscard]] std::uint32_t current_generation() const override { return generation_; }

 private:
  [[nodiscard]] base::Secret subkey(TenantKey number) const {
    return derive_subkey(root_.bytes(), static_cast<std::uint64_t>(number), kTenantContext);
  }

  TenantDomain domain_;
  base::Bytes tag_;
  base::Secret root_;
  base::Secret id_key_;
  base::Secret chunker_key_;
  std::uint32_t generation_;
};

class OpenKeyRing final : public KeyRing {
 public:
  OpenKeyRing(const RepositoryConfig& config, const base::Secret& master, const Backend& backend)
      : config_(config),
        config_key_(master_subkey(master, MasterKey::config)),
        log_key_(master_subkey(master, MasterKey::log)),
        tag_key_(master_subkey(master, MasterKey::tenant_tags)),
        tenant_key_(master_subkey(master, MasterKey::tenants)) {
    damaged_ = OpenKeyRing::find_damaged_copies(backend);
  }

  [[nodiscard]] const RepositoryId& repository() const override { return config_.repository; }
  [[nodiscard]] base::ByteView log_key() const override { return log_key_.bytes(); }

  [[nodiscard]] const TenantKeys& tenant(const TenantDomain& domain) const override {
    base::check(!domain.name.empty(), "a tenant has a name");
    auto tenants = tenants_.lock();
    auto& keys = (*tenants)[domain];
    if (!keys) {
      const base::Sha256 tag = base::hmac_sha256(tag_key_.bytes(), base::as_bytes(domain.name));
      keys = derive(domain, tag.view().first(kTagBytes));
    }
    return *keys;
  }
  [[nodiscard]] std::shared_ptr<const TenantKeys> tenant_of_tag(base::ByteView tag) const override {
    base::check(tag.size() == kTagBytes, "a tenant's tag has 16 bytes");
    const base::Bytes key = base::to_bytes(tag);
    if (auto known = by_tag_.find(key)) return std::move(*known);
    std::shared_ptr<const TenantKeys> keys = derive({}, tag);
    by_tag_.insert(key, keys);
    return keys;
  }

  [[nodiscard]] const std::vector<std::string>& damaged_copies() const override { return damaged_; }
  [[nodiscard]] std::vector<std::string> find_damaged_copies(
      const Backend& backend) const override {
    std::vector<std::string> names;
    for (Healing& healing : find_healings(backend, config_key_.bytes())) {
      names.push_back(std::move(healing.name));
    }
    return names;
  }
  void heal_copies(Backend& backend) const override {
    if (damaged_.empty()) return;
    for (const std::string& name : damaged_) {
      base::log(base::LogLevel::warning, name, " was missing or damaged; written anew from a copy");
    }
    // Found anew: the lock may have been taken after the ring was opened, and keys been changed in
    // between.
    heal(backend, find_healings(backend, config_key_.bytes()));
  }

 private:
  [[nodiscard]] std::unique_ptr<const TenantKeys> derive(const TenantDomain& domain,
                                                         base::ByteView tag) const {
    const base::Secret root = base::hmac_sha256_key(tenant_key_.bytes(), tag);
    return std::make_unique<DerivedTenantKeys>(domain, tag, root, config_.key_generation);
  }

  RepositoryConfig config_;
  base::Secret config_key_;
  base::Secret log_key_;
  base::Secret tag_key_;
  base::Secret tenant_key_;
  std::vector<std::string> damaged_;
  base::Synchronized<std::map<TenantDomain, std::unique_ptr<const TenantKeys>>> tenants_;
  mutable RecentlyUsed<base::Bytes, std::shared_ptr<const TenantKeys>> by_tag_{kMostByTag};
};

void check_place_is_free(Backend& backend) {
  for (const char* prefix : {"conf/", "pack/", "log/", "ckpt/"}) {
    backend.list(prefix, [&](const std::string& name, std::uint64_t) {
      throw base::Error{ErrorKind::usage,
                        name.starts_with("conf/")
                            ? base::text("there is a store at '", backend.describe(), "' already")
                            : base::text("'", backend.describe(),
                                         "' holds parts of a store without its configuration (",
                                         name, "): choose another place")};
    });
  }
}

}  // namespace

base::Secret KeyRing::create(Backend& backend, const base::Secret& passphrase,
                             const KdfCost& cost) {
  if (passphrase.empty()) throw base::Error{ErrorKind::usage, "the passphrase is empty"};
  check_cost(cost);
  check_place_is_free(backend);
  // Without a configuration nothing can have been stored: these are leftovers of a creation that
  // was cut off.
  for (const std::string& slot : slot_names(backend)) {
    for (int copy = 0; copy < kCopies; ++copy) backend.remove(base::text(slot, copy));
  }
  RepositoryConfig config;
  base::fill_random(config.repository.bytes);
  const base::Secret master = base::Secret::filled(kMasterBytes, base::fill_random);
  const base::Secret recovery = base::Secret::filled(kRecoveryKeyBytes, base::fill_random);
  write_copies(backend, new_slot_name(),
               make_slot(SlotKind::passphrase, config.repository, passphrase, cost, master));
  write_copies(backend, new_slot_name(),
               make_slot(SlotKind::recovery_key, config.repository, recovery, cost, master));
  // Last, because its presence makes the place a store.
  const base::Secret config_key = master_subkey(master, MasterKey::config);
  write_copies(backend, kConfigName, encode_config(config, config_key.bytes()));
  return print_recovery_key(recovery);
}

std::unique_ptr<KeyRing> KeyRing::open(const Backend& backend, const base::Secret& key) {
  return make_key_ring(open_master(backend, key), backend);
}

std::unique_ptr<KeyRing> make_key_ring(const OpenedMaster& opened, const Backend& backend) {
  return std::make_unique<OpenKeyRing>(opened.config, opened.key, backend);
}

}  // namespace store

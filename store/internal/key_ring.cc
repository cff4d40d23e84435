#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "store/internal/key_slot.h"
#include "store/internal/recovery_key.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "store/internal/sodium.h"
#include "store/keys.h"

#include <array>
#include <map>
#include <set>
#include <utility>

namespace store {
namespace {

using base::ErrorKind;

constexpr const char* kConfigName = "conf/";
constexpr std::size_t kTagBytes = 16;

// Subkeys of the master, by number (FORMAT.md, keys).
constexpr char kMasterContext[] = "cofferMK";
constexpr char kTenantContext[] = "cofferTK";
constexpr char kPackContext[] = "cofferPK";
enum class MasterKey : std::uint64_t { config = 1, log = 2, tenant_tags = 3, tenants = 4 };
enum class TenantKey : std::uint64_t { chunk_ids = 1, chunker = 2 };

base::Secret master_subkey(const base::Secret& master, MasterKey number) {
  return derive_subkey(master.bytes(), static_cast<std::uint64_t>(number), kMasterContext);
}

base::Secret keyed_secret(base::ByteView key, base::ByteView input) {
  base::Sha256 digest = base::hmac_sha256(key, input);
  base::Secret secret{digest.view()};
  wipe(digest.bytes);
  return secret;
}

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
  [[nodiscard]] base::ByteView pack_root(std::uint32_t generation) const override {
    auto roots = pack_roots_.lock();
    auto root = roots->find(generation);
    if (root == roots->end()) {
      root =
          roots->emplace(generation, derive_subkey(root_.bytes(), generation, kPackContext)).first;
    }
    return root->second.bytes();
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
  base::Synchronized<std::map<std::uint32_t, base::Secret>> pack_roots_;
};

// A whole object of which some copies are damaged.
struct Healing {
  std::string name;     // of a copy
  base::Bytes content;  // empty where no copy is whole
};

class OpenKeyRing final : public KeyRing {
 public:
  OpenKeyRing(const RepositoryConfig& config, const base::Secret& master,
              std::vector<Healing> healings)
      : config_(config),
        log_key_(master_subkey(master, MasterKey::log)),
        tag_key_(master_subkey(master, MasterKey::tenant_tags)),
        tenant_key_(master_subkey(master, MasterKey::tenants)),
        healings_(std::move(healings)) {
    for (const Healing& healing : healings_) damaged_.push_back(healing.name);
  }

  [[nodiscard]] const RepositoryId& repository() const override { return config_.repository; }
  [[nodiscard]] base::ByteView log_key() const override { return log_key_.bytes(); }

  [[nodiscard]] const TenantKeys& tenant(const TenantDomain& domain) const override {
    base::check(!domain.name.empty(), "a tenant has a name");
    const base::Sha256 tag = base::hmac_sha256(tag_key_.bytes(), base::as_bytes(domain.name));
    return keys_for(domain, tag.view().first(kTagBytes));
  }
  [[nodiscard]] const TenantKeys& tenant_of_tag(base::ByteView tag) const override {
    base::check(tag.size() == kTagBytes, "a tenant's tag has 16 bytes");
    return keys_for({}, tag);
  }

  [[nodiscard]] const std::vector<std::string>& damaged_copies() const override { return damaged_; }
  void heal_copies(Backend& backend) const override {
    for (const Healing& healing : healings_) {
      if (healing.content.empty()) continue;
      backend.replace(healing.name, self_checked(healing.content));
    }
  }

 private:
  [[nodiscard]] const TenantKeys& keys_for(const TenantDomain& domain, base::ByteView tag) const {
    auto tenants = tenants_.lock();
    // Known by name and known by tag only are kept apart, so that domain() stays true.
    auto& keys = (*tenants)[{domain.name, base::to_bytes(tag)}];
    if (!keys) {
      const base::Secret root = keyed_secret(tenant_key_.bytes(), tag);
      keys = std::make_unique<DerivedTenantKeys>(domain, tag, root, config_.key_generation);
    }
    return *keys;
  }

  using TenantMap =
      std::map<std::pair<std::string, base::Bytes>, std::unique_ptr<DerivedTenantKeys>>;
  RepositoryConfig config_;
  base::Secret log_key_;
  base::Secret tag_key_;
  base::Secret tenant_key_;
  std::vector<Healing> healings_;
  std::vector<std::string> damaged_;
  base::Synchronized<TenantMap> tenants_;
};

// "keys/….": without the number of the copy.
std::set<std::string> slot_names(const Backend& backend) {
  std::set<std::string> names;
  backend.list("keys/", [&](const std::string& name, std::uint64_t) {
    const std::size_t dot = name.rfind('.');
    if (dot != std::string::npos) names.insert(name.substr(0, dot + 1));
  });
  return names;
}

std::string new_slot_name() {
  std::array<std::byte, 8> id;
  base::fill_random(id);
  return base::text("keys/", base::to_hex(id), ".");
}

// Copies of configuration and slots that are to be written again. `content` is the authentic
// configuration.
std::vector<Healing> find_healings(const Backend& backend, const SelfCheckedCopies& config,
                                   const base::Bytes& content) {
  std::vector<Healing> healings;
  if (content == config.contents.front()) {
    for (const std::string& name : config.damaged) healings.push_back({name, content});
  } else {
    for (int copy = 0; copy < kCopies; ++copy) {
      healings.push_back({base::text(kConfigName, copy), content});
    }
  }
  for (const std::string& slot : slot_names(backend)) {
    try {
      const SelfCheckedCopies copies = read_copies(backend, slot, slot_magic());
      // Whole copies that differ are left alone: which of them is forged nobody has proven.
      const bool agreed = copies.contents.size() == 1;
      for (const std::string& name : copies.damaged) {
        healings.push_back({name, agreed ? copies.contents.front() : base::Bytes{}});
      }
    } catch (const base::Error&) {
      // Another slot opened the store; this one can only be reported.
      for (int copy = 0; copy < kCopies; ++copy) healings.push_back({base::text(slot, copy), {}});
    }
  }
  return healings;
}

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

// Tries every slot that takes this kind of secret.
class SlotOpener {
 public:
  SlotOpener(const Backend& backend, const RepositoryId& repository)
      : backend_(backend), repository_(repository) {}

  std::optional<base::Secret> open(SlotKind kind, const base::Secret& secret) {
    for (const std::string& name : slot_names(backend_)) {
      if (auto master = try_slot(name, kind, secret)) return master;
    }
    return std::nullopt;
  }

  // Whether the key was tried on any slot.
  [[nodiscard]] bool tried() const { return tried_; }
  // Whether the repository has any whole slot, of whatever kind.
  [[nodiscard]] bool seen() const { return seen_; }
  // Of a slot that could not be tried.
  [[nodiscard]] const std::optional<base::Error>& failure() const { return failure_; }

 private:
  std::optional<base::Secret> try_slot(const std::string& name, SlotKind kind,
                                       const base::Secret& secret) {
    try {
      const SelfCheckedCopies copies = read_copies(backend_, name, slot_magic());
      if (copies.contents.empty()) {
        throw base::Error{ErrorKind::corrupt,
                          base::text("no copy of key slot '", name, "' is whole")};
      }
      for (const base::Bytes& content : copies.contents) {
        if (auto master = try_content(content, kind, secret)) return master;
      }
    } catch (const base::Error& error) {
      failure_ = error;
    }
    return std::nullopt;
  }

  std::optional<base::Secret> try_content(const base::Bytes& content, SlotKind kind,
                                          const base::Secret& secret) {
    try {
      const SlotDescription slot = describe_slot(content);
      if (slot.repository != repository_) return std::nullopt;
      seen_ = true;
      if (slot.kind != kind) return std::nullopt;
      std::optional<base::Secret> master = open_slot(content, secret);
      tried_ = true;
      return master;
    } catch (const base::Error& error) {
      failure_ = error;
      return std::nullopt;
    }
  }

  const Backend& backend_;
  const RepositoryId& repository_;
  bool tried_ = false;
  bool seen_ = false;
  std::optional<base::Error> failure_;
};

base::Secret open_master(const Backend& backend, const RepositoryId& repository,
                         const base::Secret& key) {
  const ParsedRecoveryKey recovery = parse_recovery_key(key);
  SlotOpener opener{backend, repository};
  if (recovery.form == RecoveryKeyForm::whole) {
    if (auto master = opener.open(SlotKind::recovery_key, recovery.key)) return std::move(*master);
  }
  if (auto master = opener.open(SlotKind::passphrase, key)) return std::move(*master);
  if (opener.failure() && !opener.tried()) {
    base::Error error = *opener.failure();
    throw error.add_context(base::text("opening the store '", backend.describe(), "'"));
  }
  if (!opener.seen()) {
    throw base::Error{ErrorKind::corrupt, base::text("the store '", backend.describe(),
                                                     "' has no key slot of its own")};
  }
  std::string message = base::text("this key does not open the store '", backend.describe(), "'");
  if (recovery.form == RecoveryKeyForm::mistyped) {
    message +=
        ": it looks like a recovery key, but its last group does not fit the others; look for a "
        "slip";
  }
  if (opener.failure()) message += base::text(" (", opener.failure()->message(), ")");
  throw base::Error{ErrorKind::wrong_key, message};
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
  std::array<std::byte, 32> random;
  base::fill_random(random);
  const base::Secret master{base::ByteView{random}};
  base::fill_random(random);
  const base::Secret recovery{base::ByteView{random}.first(kRecoveryKeyBytes)};
  wipe(random);
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
  const SelfCheckedCopies copies = read_copies(backend, kConfigName, config_magic());
  if (!copies.any_present) {
    throw base::Error{ErrorKind::no_store,
                      base::text("there is no store at '", backend.describe(), "'")};
  }
  if (copies.contents.empty()) {
    throw base::Error{ErrorKind::corrupt, base::text("no copy of the configuration of the store '",
                                                     backend.describe(), "' is whole")};
  }
  std::optional<base::Error> failure;
  for (const base::Bytes& content : copies.contents) {
    try {
      const RepositoryConfig config = decode_config(content);
      const base::Secret master = open_master(backend, config.repository, key);
      const base::Secret config_key = master_subkey(master, MasterKey::config);
      if (is_authentic_config(content, config_key.bytes())) {
        return std::make_unique<OpenKeyRing>(config, master,
                                             find_healings(backend, copies, content));
      }
    } catch (const base::Error& error) {
      // A forged copy may hide a true one behind it.
      if (error.kind() != ErrorKind::corrupt) throw;
      failure = error;
    }
  }
  if (failure) throw base::Error{*failure};
  throw base::Error{ErrorKind::corrupt, base::text("the configuration of the store '",
                                                   backend.describe(), "' has been changed")};
}

}  // namespace store

#include "tests/fuzz/fixed_keys.h"

#include "store/internal/key_slot.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "store/internal/sodium.h"
#include "store/memory_backend.h"

namespace fuzz {
namespace {

constexpr store::KdfCost kCheap{8 << 10, 1};

std::unique_ptr<store::KeyRing> make_keys() {
  store::MemoryBackend backend;
  const base::Secret config_key =
      store::derive_subkey(fixed_master().bytes(), 1, "cofferMK");  // FORMAT.md, keys
  store::RepositoryConfig config;
  config.repository = fixed_repository();
  const base::Secret passphrase{std::string_view{kPassphrase}};
  store::write_copies(backend, "conf/", store::encode_config(config, config_key.bytes()));
  store::write_copies(backend, "keys/0000000000000001.",
                      store::make_slot(store::SlotKind::passphrase, config.repository, passphrase,
                                       kCheap, fixed_master()));
  return store::KeyRing::open(backend, passphrase);
}

}  // namespace

const base::Secret& fixed_master() {
  static const base::Secret master{base::ByteView{base::Bytes(32, std::byte{0x5a})}};
  return master;
}

store::RepositoryId fixed_repository() {
  store::RepositoryId repository;
  repository.bytes.fill(std::byte{0x11});
  return repository;
}

const store::KeyRing& fixed_keys() {
  static const std::unique_ptr<store::KeyRing> keys = make_keys();
  return *keys;
}

const store::TenantKeys& fixed_tenant() { return fixed_keys().tenant({"contoso.com"}); }

}  // namespace fuzz

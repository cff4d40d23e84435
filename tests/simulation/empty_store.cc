#include "tests/simulation/empty_store.h"

#include "store/keys.h"
#include "tests/simulation/seeded_randomness.h"

#include <memory>
#include <string>
#include <string_view>

namespace simulation {
namespace {

constexpr store::KdfCost kCheapKdf{8 << 10, 1};  // far below what is allowed outside tests

}  // namespace

const base::Secret& passphrase() {
  static const base::Secret secret{std::string_view{"correct horse battery staple"}};
  return secret;
}

void plant_empty_store(store::MemoryBackend& backend) {
  static const std::unique_ptr<store::MemoryBackend> made = [] {
    seed_randomness(0);
    auto empty = std::make_unique<store::MemoryBackend>();
    static_cast<void>(store::KeyRing::create(*empty, passphrase(), kCheapKdf));
    return empty;
  }();
  for (const std::string& name : made->names()) {
    backend.plant(name, made->read(name, 0, made->size_bytes(name).value()));
  }
}

}  // namespace simulation

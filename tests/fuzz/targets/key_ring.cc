// Configuration and key slots of a stranger's making, opened with a passphrase.
#include "src/base/text.h"
#include "store/internal/key_slot.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "store/internal/sodium.h"
#include "store/keys.h"
#include "store/memory_backend.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

constexpr store::KdfCost kCheap{8 << 10, 1};
constexpr std::uint64_t kQuick = 64 << 10;

base::Bytes true_config() {
  const base::Secret key = store::derive_subkey(fixed_master().bytes(), 1, "cofferMK");
  store::RepositoryConfig config;
  config.repository = fixed_repository();
  return store::encode_config(config, key.bytes());
}

base::Bytes true_slot() {
  return store::make_slot(store::SlotKind::passphrase, fixed_repository(),
                          base::Secret{std::string_view{kPassphrase}}, kCheap, fixed_master());
}

// A slot that asks for much is obeyed within the bounds of the format, and those take minutes.
bool is_quick(base::ByteView content) {
  try {
    const store::SlotDescription slot = store::describe_slot(content);
    return slot.kind != store::SlotKind::passphrase ||
           slot.cost.memory_bytes * slot.cost.passes <= kQuick;
  } catch (const base::Error&) {
    return true;
  }
}

// One of the two as it should be, changed as the input says, sealed again or not.
void plant(store::MemoryBackend& backend, const std::string& name, base::Bytes content,
           InputReader& input) {
  const std::uint8_t form = input.octet();
  patch(content, input);
  if (name.starts_with("keys/") && !is_quick(content)) return;
  base::Bytes copy = (form & 1) == 0 ? store::self_checked(content) : content;
  if ((form & 2) != 0) copy.resize(copy.size() / 2);
  if ((form & 4) == 0) backend.plant(name, std::move(copy));
}

}  // namespace

void fuzz_key_ring(base::ByteView input) {
  static const base::Bytes config = true_config();
  static const base::Bytes slot = true_slot();
  InputReader reader{input};
  store::MemoryBackend backend;
  for (int copy = 0; copy < store::kCopies; ++copy) {
    plant(backend, base::text("conf/", copy), config, reader);
  }
  for (int copy = 0; copy < store::kCopies; ++copy) {
    plant(backend, base::text("keys/0000000000000001.", copy), slot, reader);
  }
  using base::ErrorKind;
  const auto keys = unless_refused(
      {ErrorKind::no_store, ErrorKind::wrong_key, ErrorKind::usage, ErrorKind::corrupt},
      [&] { return store::KeyRing::open(backend, base::Secret{std::string_view{kPassphrase}}); });
  if (!keys) return;
  hold((*keys)->repository() == fixed_repository(), "only a true configuration opens a store");
  hold(std::ranges::equal((*keys)->log_key(), fixed_keys().log_key()), "only a true slot does");
  (*keys)->heal_copies(backend);
  const auto healed = store::KeyRing::open(backend, base::Secret{std::string_view{kPassphrase}});
  hold(std::ranges::equal(healed->log_key(), fixed_keys().log_key()), "healing changes no key");
  hold(std::ranges::none_of(healed->damaged_copies(),
                            [](const std::string& name) { return name.starts_with("conf/"); }),
       "a healed configuration is whole");
}

}  // namespace fuzz

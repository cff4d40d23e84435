#include "tests/support/small_store.h"

#include "tests/support/catch.h"

#include <random>
#include <stdexcept>
#include <utility>

namespace test {

base::Bytes noise(std::uint64_t seed, std::size_t size_bytes) {
  std::mt19937_64 engine{seed};
  base::Bytes bytes(size_bytes);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine() >> 56);
  return bytes;
}

base::Bytes prose(std::uint64_t seed, std::size_t size_bytes) {
  std::mt19937_64 engine{seed};
  base::Bytes bytes(size_bytes);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>('a' + (engine() >> 61));
  return bytes;
}

SmallStore::SmallStore(const store::ChunkStoreSettings& settings) : settings_(settings) {
  const base::Secret passphrase{std::string_view{"correct horse"}};
  static_cast<void>(store::KeyRing::create(backend_, passphrase, kCheapKdf));
  keys_ = store::KeyRing::open(backend_, passphrase);
  index_ =
      store::Index::open(directory_ / "index", keys_->repository(), store::Index::Mode::create);
  reopen();
}

void SmallStore::reopen() {
  chunks_ = nullptr;
  index_ = nullptr;
  index_ = store::Index::open(directory_ / "index", keys_->repository(), store::Index::Mode::write);
  chunks_ = store::open_chunk_store(backend_, *index_, keys_->repository(), tenant(), *codec_,
                                    clock_, leases_, settings_);
}

void SmallStore::reopen_with(std::unique_ptr<store::Codec> codec) {
  chunks_ = nullptr;
  codec_ = std::move(codec);
  reopen();
}

std::vector<store::PackObject> SmallStore::packs() const {
  return store::list_packs(backend_, [](const std::string& name) {
    throw std::logic_error{"no pack by its name: " + name};
  });
}

store::PackFindings SmallStore::verify(const store::PackObject& pack) const {
  return store::verify_pack(backend_, *keys_, pack);
}

}  // namespace test

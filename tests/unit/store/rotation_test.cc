// A repository whose keys were rotated.
#include "store/key_management.h"
#include "store/memory_backend.h"
#include "store/packs.h"
#include "store/repository.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"

#include <map>
#include <stdexcept>

namespace {

using test::SmallRepository;
using test::Streams;

// Bytes of packs by key generation.
std::map<std::uint32_t, std::uint64_t> bytes_by_generation(const store::Backend& backend,
                                                           const base::Secret& key) {
  const auto keys = store::KeyRing::open(backend, key);
  std::map<std::uint32_t, std::uint64_t> bytes;
  for (const store::PackObject& pack : store::list_packs(backend, [](const std::string& name) {
         throw std::logic_error{"no pack by its name: " + name};
       })) {
    bytes[store::read_pack_contents(backend, *keys, pack).row.generation] += pack.size_bytes;
  }
  return bytes;
}

}  // namespace

TEST_CASE("after a rotation new packs have the new generation, and old ones are read as before",
          "[store][keys][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams annas = test::random_streams(1, 40);
  const Streams boriss = test::random_streams(2, 40);
  const store::Snapshot anna = store.back_up("anna@contoso.com", annas);
  const auto before = bytes_by_generation(backend, store.passphrase());
  CHECK(before.size() == 1);
  CHECK(before.contains(1));

  store.close();
  CHECK(store::KeyManagement{backend, store.passphrase()}.rotate() == 2);
  store::Repository& repository = store.reopen();
  const store::Snapshot boris = store.back_up("boris@contoso.com", boriss);

  const auto after = bytes_by_generation(backend, store.passphrase());
  CHECK(after.size() == 2);
  CHECK(after.at(1) == before.at(1));
  CHECK(after.contains(2));
  CHECK(test::restore(repository, anna) == annas);
  CHECK(test::restore(repository, boris) == boriss);
  CHECK(repository.check(store::CheckLevel::full, {}, {}).errors.empty());
}

TEST_CASE("what was stored before a rotation is not stored again", "[store][keys][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams annas = test::random_streams(1, 40);
  store.back_up("anna@contoso.com", annas);
  const auto before = bytes_by_generation(backend, store.passphrase());
  store.close();
  store::KeyManagement{backend, store.passphrase()}.rotate();
  store.reopen();
  store.back_up("anna@contoso.com", annas);
  CHECK(bytes_by_generation(backend, store.passphrase()) == before);
}

TEST_CASE("every kind of key opens a rotated repository, and makes its index anew",
          "[store][keys][repository]") {
  store::MemoryBackend backend;
  SmallRepository store{backend};
  const Streams annas = test::random_streams(1, 40);
  const store::Snapshot anna = store.back_up("anna@contoso.com", annas);
  store.close();
  const auto file = base::Secret{std::string_view{"0123456789abcdefghijklmnopqrstuvwxyz"}};
  {
    store::KeyManagement management{backend, store.passphrase()};
    management.add_key_file(file);
    management.rotate();
  }
  for (const base::Secret* key : {&store.recovery_key(), &file, &store.passphrase()}) {
    const test::TemporaryDirectory fresh;
    store::Repository::Settings settings = store.settings();
    settings.index = fresh / "index";
    const auto repository =
        store::Repository::open(backend, settings, *key, store::Access::read, store.clock());
    CHECK(test::restore(*repository, anna) == annas);
  }
}

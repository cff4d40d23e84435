// What somebody who can write to the store, and has no key, can do to its keys: shut people out at
// the worst, in bounded time and memory.
#include "src/base/digest.h"
#include "src/base/text.h"
#include "store/internal/key_slot.h"
#include "store/internal/master_key.h"
#include "store/internal/self_checked.h"
#include "store/key_management.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <functional>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace store {
namespace {

using base::ErrorKind;
using test::failure_of;

base::Secret secret(std::string_view text) { return base::Secret{text}; }

struct Keys {
  Keys() : recovery(KeyRing::create(backend, secret("correct horse"), test::kCheapKdf)) {}

  std::unique_ptr<KeyRing> open(std::string_view key = "correct horse") const {
    return KeyRing::open(backend, secret(key));
  }
  [[nodiscard]] std::string slot(SlotKind kind) const {
    for (const KeySlot& slot : read_key_state(backend, secret("correct horse")).slots) {
      if (slot.kind == kind) return slot_name(slot.id);
    }
    return "";
  }
  [[nodiscard]] base::Bytes copy(const std::string& name) const {
    return backend.read(name, 0, static_cast<std::size_t>(*backend.size_bytes(name)));
  }
  // Changes all copies and makes their checksums fit.
  void forge(const std::string& name, const std::function<void(base::Bytes&)>& change) {
    for (int number = 0; number < kCopies; ++number) {
      backend.alter(name + std::to_string(number), [&](base::Bytes& copy) {
        copy.resize(copy.size() - base::Sha256::kSizeBytes);
        change(copy);
        copy = self_checked(copy);
      });
    }
  }
  void plant_slot(const std::string& id, base::ByteView content) {
    write_copies(backend, slot_name(id), content);
  }

  mutable MemoryBackend backend;
  base::Secret recovery;
};

std::uint64_t largest_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) << 10;
}

}  // namespace

TEST_CASE("a slot that asks for the impossible is refused before memory is taken",
          "[store][keys][hostile]") {
  struct Row {
    const char* what;
    std::uint64_t memory_bytes;
    std::uint32_t passes;
    std::uint32_t lanes;
  };
  const auto row =
      GENERATE(values<Row>({{"a TiB", std::uint64_t{1} << 40, 3, 1},
                            {"all there is", ~std::uint64_t{0}, 1, 1},
                            {"a product that wraps", std::uint64_t{1} << 32, 1U << 31, 1},
                            {"4 GiB and a byte", (std::uint64_t{4} << 30) + 1, 1, 1},
                            {"years", std::uint64_t{8} << 10, ~std::uint32_t{0}, 1},
                            {"no pass", std::uint64_t{1} << 20, 0, 1},
                            {"no lane", std::uint64_t{8} << 10, 1, 0},
                            {"many lanes", std::uint64_t{8} << 10, 1, ~std::uint32_t{0}}}));
  CAPTURE(row.what);
  Keys keys;
  const std::string slot = keys.slot(SlotKind::passphrase);
  keys.forge(slot, [&](base::Bytes& copy) {
    base::store_le(copy.data() + 40, row.memory_bytes);
    base::store_le(copy.data() + 48, row.passes);
    base::store_le(copy.data() + 52, row.lanes);
  });
  const std::uint64_t before = largest_memory_bytes();
  CHECK(failure_of([&] { keys.open(); }).kind == ErrorKind::corrupt);
  CHECK(largest_memory_bytes() < before + (std::uint64_t{32} << 20));

  const KeyState state = read_key_state(keys.backend, keys.recovery);
  for (const KeySlot& each : state.slots) {
    CHECK(each.problem.empty() == (each.kind == SlotKind::recovery_key));
  }
}

TEST_CASE("a slot of a forged kind opens nothing", "[store][keys][hostile]") {
  struct Row {
    std::uint8_t kind;
    std::uint8_t derivation;
  };
  const auto row = GENERATE(values<Row>({{0, 0},
                                         {0, 2},
                                         {1, 2},  // a passphrase by the quick derivation
                                         {2, 1},  // a recovery key by the slow one
                                         {3, 1},
                                         {2, 2},  // another kind than it was made as
                                         {3, 2},
                                         {4, 2},
                                         {255, 255}}));
  Keys keys;
  const std::string slot = keys.slot(SlotKind::passphrase);
  keys.forge(slot, [&](base::Bytes& copy) {
    copy[14] = static_cast<std::byte>(row.kind);
    copy[15] = static_cast<std::byte>(row.derivation);
  });
  CAPTURE(row.kind, row.derivation);
  const auto kind = failure_of([&] { keys.open(); }).kind;
  CHECK((kind == ErrorKind::corrupt || kind == ErrorKind::wrong_key));
  CHECK_NOTHROW(keys.open(keys.recovery.text()));
}

TEST_CASE("a recovery slot is no key file slot, whatever its kind says", "[store][keys][hostile]") {
  Keys keys;
  const auto file = base::Secret{base::ByteView{test::noise(1, 64)}};
  const std::string id = KeyManagement{keys.backend, secret("correct horse")}.add_key_file(file);
  keys.forge(slot_name(id), [](base::Bytes& copy) { copy[14] = std::byte{2}; });
  CHECK(failure_of([&] { KeyRing::open(keys.backend, file); }).kind == ErrorKind::wrong_key);
}

TEST_CASE("a slot of another store, under its own name or another's, opens nothing",
          "[store][keys][hostile]") {
  Keys keys;
  Keys other;
  const auto stolen = base::Secret{base::ByteView{test::noise(1, 64)}};
  const std::string id = KeyManagement{other.backend, secret("correct horse")}.add_key_file(stolen);
  const base::Bytes foreign = other.copy(slot_name(id) + "0");
  keys.plant_slot("00112233445566aa", base::ByteView{foreign}.first(160));
  CHECK(failure_of([&] { KeyRing::open(keys.backend, stolen); }).kind == ErrorKind::wrong_key);

  // Even when it claims to be of this store.
  const base::Bytes own = keys.copy("conf/0");
  keys.forge(slot_name("00112233445566aa"),
             [&](base::Bytes& copy) { std::copy_n(own.begin() + 16, 16, copy.begin() + 16); });
  CHECK(failure_of([&] { KeyRing::open(keys.backend, stolen); }).kind == ErrorKind::wrong_key);
  CHECK_NOTHROW(keys.open());
}

TEST_CASE("a planted slot that opens to another master does not stand in the way",
          "[store][keys][hostile]") {
  Keys keys;
  const RepositoryId repository = keys.open()->repository();
  const auto wrong_master = base::Secret{base::ByteView{test::noise(9, 32)}};
  // Somebody knows the passphrase of old, and has no store key.
  for (const char* id : {"0000000000000000", "ffffffffffffffff"}) {
    keys.plant_slot(id, make_slot(SlotKind::passphrase, repository, secret("correct horse"),
                                  test::kCheapKdf, wrong_master));
  }
  CHECK(keys.open()->repository() == repository);
  CHECK(keys.open()->tenant({"contoso.com"}).current_generation() == 1);
}

TEST_CASE("names that are no slots are passed over", "[store][keys][hostile]") {
  Keys keys;
  const base::Bytes copy = keys.copy(keys.slot(SlotKind::passphrase) + "0");
  for (const char* name :
       {"keys/x.0", "keys/00112233445566aa", "keys/00112233445566aa.3", "keys/00112233445566aag.0",
        "keys/00112233445566-a.1", "keys/deep/00112233445566aa.0"}) {
    keys.backend.plant(name, copy);
  }
  CHECK(read_key_state(keys.backend, secret("correct horse")).slots.size() == 2);
  CHECK(keys.open()->damaged_copies().empty());
}

TEST_CASE("a wrong passphrase costs a derivation a slot, and no more than there is a most of",
          "[store][keys][hostile]") {
  Keys keys;
  const RepositoryId repository = keys.open()->repository();
  const auto master = base::Secret{base::ByteView{test::noise(9, 32)}};
  for (unsigned number = 0; number < SlotSearch::kMostDerivations + 20; ++number) {
    const std::string id = fmt::format("{:016x}", number);
    keys.plant_slot(
        id, make_slot(SlotKind::passphrase, repository, secret("other"), test::kCheapKdf, master));
  }
  SlotSearch search{keys.backend, {repository}};
  unsigned opened = 0;
  const auto none = search.find(SlotKind::passphrase, secret("other"),
                                [&](const SlotSearch::Found&) { return ++opened == 0; });
  CHECK_FALSE(none);
  CHECK(opened >= SlotSearch::kMostDerivations - 1);
  CHECK(opened <= SlotSearch::kMostDerivations);
  CHECK_THAT(failure_of([&] { keys.open("wrong"); }).what, test::contains_text("remove those"));
  CHECK_NOTHROW(keys.open(keys.recovery.text()));
}

TEST_CASE("slots of small cost are tried first", "[store][keys][hostile]") {
  Keys keys;
  const RepositoryId repository = keys.open()->repository();
  const KdfCost dear{std::uint64_t{4} << 30, 4};
  // The content of a slot that would take half a minute: made for less, and its cost forged.
  keys.plant_slot("0000000000000000",
                  make_slot(SlotKind::passphrase, repository, secret("x"), test::kCheapKdf,
                            base::Secret{base::ByteView{test::noise(9, 32)}}));
  keys.forge(slot_name("0000000000000000"), [&](base::Bytes& copy) {
    base::store_le(copy.data() + 40, dear.memory_bytes);
    base::store_le(copy.data() + 48, dear.passes);
  });
  const std::uint64_t before = largest_memory_bytes();
  CHECK_NOTHROW(keys.open());
  CHECK(largest_memory_bytes() < before + (std::uint64_t{32} << 20));
}

TEST_CASE("truncated copies are damage, whatever is left of them", "[store][keys][hostile]") {
  Keys keys;
  const std::string slot = keys.slot(SlotKind::recovery_key);
  for (std::size_t size = 0; size < 192; size += 7) {
    CAPTURE(size);
    for (const std::string& name : {slot + "0", slot + "1", std::string{"conf/2"}}) {
      const base::Bytes whole = keys.copy(name);
      keys.backend.alter(name,
                         [&](base::Bytes& copy) { copy.resize(std::min(size, copy.size() - 1)); });
      CHECK(keys.open(keys.recovery.text())->damaged_copies() == std::vector{name});
      keys.backend.plant(name, whole);
    }
  }
}

TEST_CASE("an older configuration that is played back does not take effect, and is healed",
          "[store][keys][hostile]") {
  Keys keys;
  const base::Bytes older = keys.copy("conf/0");
  KeyManagement{keys.backend, secret("correct horse")}.rotate();
  const auto copies = GENERATE(values<std::vector<std::string>>(
      {{"conf/0"}, {"conf/2"}, {"conf/0", "conf/1"}, {"conf/1", "conf/2"}}));
  for (const std::string& name : copies) keys.backend.plant(name, older);

  const auto ring = keys.open();
  CHECK(ring->tenant({"contoso.com"}).current_generation() == 2);
  CHECK(ring->damaged_copies() == copies);
  ring->heal_copies(keys.backend);
  for (const std::string& name : copies) CHECK(keys.copy(name) != older);
}

TEST_CASE("a played back slot comes back into force: removing does not take back what was known",
          "[store][keys][hostile]") {
  Keys keys;
  const auto file = base::Secret{base::ByteView{test::noise(1, 64)}};
  KeyManagement management{keys.backend, secret("correct horse")};
  const std::string id = management.add_key_file(file);
  const base::Bytes copy = keys.copy(slot_name(id) + "0");
  management.remove(id, KeyManagement::Removal::careful);
  keys.plant_slot(id, base::ByteView{copy}.first(160));
  // As FORMAT.md says; it shows in the list.
  CHECK(management.state().slots.size() == 3);
  CHECK_NOTHROW(KeyRing::open(keys.backend, file));
}

}  // namespace store

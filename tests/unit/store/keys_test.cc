#include "store/keys.h"

#include "store/internal/key_slot.h"
#include "store/internal/recovery_key.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <algorithm>
#include <set>
#include <string>

namespace store {
namespace {

using base::ErrorKind;
using test::failure_of;

base::Secret secret(std::string_view text) { return base::Secret{text}; }

// A fresh repository of keys and nothing else.
struct Keys {
  Keys() : recovery(KeyRing::create(backend, secret("correct horse"), test::kCheapKdf)) {}

  std::unique_ptr<KeyRing> open(std::string_view key = "correct horse") const {
    return KeyRing::open(backend, secret(key));
  }
  // The three copies of the passphrase slot, without the number.
  [[nodiscard]] std::string slot(SlotKind kind) const {
    for (const std::string& name : backend.names("keys/")) {
      const base::Bytes copy = backend.read(name, 0, 192);
      if (copy[14] == static_cast<std::byte>(kind)) return name.substr(0, name.size() - 1);
    }
    return "";
  }
  // Changes a content and makes its checksum fit, as an attacker would.
  void forge(const std::string& name, const std::function<void(base::Bytes&)>& change) {
    backend.alter(name, [&](base::Bytes& copy) {
      copy.resize(copy.size() - 32);
      change(copy);
      copy = self_checked(copy);
    });
  }
  void forge_all(const std::string& name, const std::function<void(base::Bytes&)>& change) {
    for (int copy = 0; copy < kCopies; ++copy) forge(name + std::to_string(copy), change);
  }

  mutable MemoryBackend backend;
  base::Secret recovery;
};

TEST_CASE("passphrase and recovery key open the same repository", "[store][keys]") {
  const Keys keys;
  const auto by_passphrase = keys.open();
  const auto by_recovery = keys.open(keys.recovery.text());

  CHECK(by_passphrase->repository() == by_recovery->repository());
  CHECK(std::ranges::equal(by_passphrase->log_key(), by_recovery->log_key()));
  const TenantKeys& one = by_passphrase->tenant({"contoso.com"});
  const TenantKeys& other = by_recovery->tenant({"contoso.com"});
  CHECK(std::ranges::equal(one.id_key(), other.id_key()));
  CHECK(std::ranges::equal(one.chunker_key(), other.chunker_key()));
  CHECK(std::ranges::equal(one.pack_root(1).bytes(), other.pack_root(1).bytes()));
}

TEST_CASE("every key of every tenant is its own, and found by tag too", "[store][keys]") {
  const Keys keys;
  const auto ring = keys.open();
  std::set<std::string> seen{base::to_hex(ring->log_key())};
  for (const char* name : {"contoso.com", "fabrikam.com"}) {
    const TenantKeys& tenant = ring->tenant({name});
    const base::Secret first = tenant.pack_root(1);
    const base::Secret second = tenant.pack_root(2);
    for (const base::ByteView key :
         {tenant.id_key(), tenant.chunker_key(), tenant.tag(), first.bytes(), second.bytes()}) {
      CHECK(seen.insert(base::to_hex(key)).second);
    }
    CHECK(tenant.domain().name == name);
    const auto by_tag = ring->tenant_of_tag(tenant.tag());
    CHECK(by_tag->domain().name.empty());
    CHECK(std::ranges::equal(by_tag->id_key(), tenant.id_key()));
    CHECK(std::ranges::equal(by_tag->pack_root(1).bytes(), tenant.pack_root(1).bytes()));
  }
}

TEST_CASE("what does not open a store says why", "[store][keys]") {
  Keys keys;
  CHECK(failure_of([&] { keys.open("wrong horse"); }).kind == ErrorKind::wrong_key);
  CHECK(failure_of([&] { keys.open(""); }).kind == ErrorKind::wrong_key);

  std::string typed{keys.recovery.text()};
  typed[3] = typed[3] == '7' ? '8' : '7';
  const auto mistyped = failure_of([&] { keys.open(typed); });
  CHECK(mistyped.kind == ErrorKind::wrong_key);
  CHECK(mistyped.what.find("slip") != std::string::npos);

  const Keys other;
  CHECK(failure_of([&] { keys.open(other.recovery.text()); }).kind == ErrorKind::wrong_key);

  MemoryBackend empty;
  CHECK(failure_of([&] { KeyRing::open(empty, secret("x")); }).kind == ErrorKind::no_store);
}

TEST_CASE("a store is made once", "[store][keys]") {
  Keys keys;
  const auto again = [&] { KeyRing::create(keys.backend, secret("other"), test::kCheapKdf); };
  CHECK(failure_of(again).kind == ErrorKind::usage);
  for (const std::string& name : keys.backend.names("conf/")) keys.backend.remove(name);
  keys.backend.plant("log/0011/0000000000000000", {});
  CHECK(failure_of(again).kind == ErrorKind::usage);

  keys.backend.remove("log/0011/0000000000000000");
  again();  // an interrupted creation is begun anew
  CHECK(keys.backend.names("keys/").size() == 6);
  CHECK_NOTHROW(keys.open("other"));
}

TEST_CASE("a creation cut off anywhere leaves no store or a whole one", "[store][keys]") {
  for (int writes = 0; writes < 9; ++writes) {
    CAPTURE(writes);
    MemoryBackend backend;
    int left = writes;
    backend.set_hook([&](MemoryBackend::Operation operation, const std::string&) {
      if (operation == MemoryBackend::Operation::replace && left-- == 0) {
        throw base::Error{ErrorKind::disk, "cut off"};
      }
    });
    CHECK(failure_of([&] { KeyRing::create(backend, secret("p"), test::kCheapKdf); }).kind ==
          ErrorKind::disk);
    backend.set_hook({});
    if (writes <= 6) {
      CHECK(failure_of([&] { KeyRing::open(backend, secret("p")); }).kind == ErrorKind::no_store);
    } else {
      CHECK_NOTHROW(KeyRing::open(backend, secret("p")));
    }
  }
}

TEST_CASE("a recovery key may be typed as people type", "[store][keys]") {
  const base::Secret key{base::ByteView{test::noise(7, kRecoveryKeyBytes)}};
  const base::Secret printed = print_recovery_key(key);
  CHECK(printed.text().size() == 54);
  std::string loose;
  for (const char character : printed.text()) {
    loose += character == '-' ? ' ' : static_cast<char>(std::tolower(character));
  }
  std::ranges::replace(loose, '0', 'o');
  std::ranges::replace(loose, '1', 'l');
  for (const std::string& typed : {std::string{printed.text()}, loose, "  " + loose + "\n"}) {
    const ParsedRecoveryKey parsed = parse_recovery_key(secret(typed));
    CHECK(parsed.form == RecoveryKeyForm::whole);
    CHECK(std::ranges::equal(parsed.key.bytes(), key.bytes()));
  }
  CHECK(parse_recovery_key(secret(printed.text().substr(1))).form == RecoveryKeyForm::none);
  CHECK(parse_recovery_key(secret("correct horse battery staple")).form == RecoveryKeyForm::none);
}

TEST_CASE("any single wrong character of a recovery key is noticed", "[store][keys]") {
  const base::Secret key{base::ByteView{test::noise(8, kRecoveryKeyBytes)}};
  const std::string printed{print_recovery_key(key).text()};
  for (std::size_t at = 0; at < printed.size(); ++at) {
    if (printed[at] == '-') continue;
    for (const char wrong : std::string_view{"0123456789ABCDEFGHJKMNPQRSTVWXYZ"}) {
      if (wrong == printed[at]) continue;
      std::string typed = printed;
      typed[at] = wrong;
      // A change in the ten groups slips through once in a million; these are fixed, and none does.
      CHECK(parse_recovery_key(secret(typed)).form == RecoveryKeyForm::mistyped);
    }
  }
}

TEST_CASE("any two copies may be damaged in any way", "[store][keys]") {
  const auto damage = GENERATE(0, 1, 2, 3);
  Keys keys;
  const std::vector<std::string> bases{"conf/", keys.slot(SlotKind::passphrase),
                                       keys.slot(SlotKind::recovery_key)};
  const auto hurt = [&](const std::string& name) {
    if (damage == 0) keys.backend.remove(name);
    if (damage == 1) keys.backend.alter(name, [](base::Bytes& copy) { copy[40] ^= std::byte{4}; });
    if (damage == 2) keys.backend.alter(name, [](base::Bytes& copy) { copy.resize(31); });
    if (damage == 3) keys.backend.plant(name, base::Bytes(1 << 20));
  };
  std::vector<std::string> hurt_names;
  for (const std::string& name : bases) {
    for (const char* copy : {"0", "2"}) hurt_names.push_back(name + copy);
  }
  for (const std::string& name : hurt_names) hurt(name);

  const auto ring = keys.open();
  std::vector<std::string> reported = ring->damaged_copies();
  std::ranges::sort(reported);
  std::ranges::sort(hurt_names);
  CHECK(reported == hurt_names);

  ring->heal_copies(keys.backend);
  CHECK(keys.open()->damaged_copies().empty());
  CHECK(keys.open(keys.recovery.text())->damaged_copies().empty());
}

TEST_CASE("every flipped bit of a configuration and a slot is noticed", "[store][keys]") {
  Keys keys;
  for (const std::string& name : {std::string{"conf/1"}, keys.slot(SlotKind::recovery_key) + "1"}) {
    const auto size = *keys.backend.size_bytes(name);
    for (std::size_t bit = 0; bit < size * 8; bit += 5) {
      const auto flip = [&](base::Bytes& copy) { copy[bit / 8] ^= std::byte{1} << (bit % 8); };
      keys.backend.alter(name, flip);
      CAPTURE(name, bit);
      CHECK(keys.open(keys.recovery.text())->damaged_copies() == std::vector{name});
      keys.backend.alter(name, flip);
    }
  }
}

TEST_CASE("damage beyond the copies is damage, not a wrong key", "[store][keys]") {
  Keys keys;
  SECTION("configuration") {
    for (const char* copy : {"0", "1", "2"}) {
      keys.backend.alter(std::string{"conf/"} + copy,
                         [](base::Bytes& b) { b[20] ^= std::byte{1}; });
    }
    CHECK(failure_of([&] { keys.open(); }).kind == ErrorKind::corrupt);
  }
  SECTION("the slot: another one still opens, and tells") {
    const std::string slot = keys.slot(SlotKind::passphrase);
    for (const char* copy : {"0", "1", "2"}) keys.backend.plant(slot + copy, {});
    CHECK(failure_of([&] { keys.open(); }).kind == ErrorKind::corrupt);
    CHECK(keys.open(keys.recovery.text())->damaged_copies().size() == 3);
  }
  SECTION("all slots are gone") {
    for (const std::string& name : keys.backend.names("keys/")) keys.backend.remove(name);
    CHECK(failure_of([&] { keys.open(); }).kind == ErrorKind::corrupt);
  }
}

TEST_CASE("a newer format is refused with what to do", "[store][keys]") {
  Keys keys;
  keys.forge_all("conf/", [](base::Bytes& copy) { copy[12] = std::byte{2}; });
  const auto failure = failure_of([&] { keys.open(); });
  CHECK(failure.kind == ErrorKind::usage);
  CHECK(failure.what.find("newer") != std::string::npos);
}

TEST_CASE("a forged configuration does not pass, and a true copy behind it does", "[store][keys]") {
  Keys keys;
  const auto forgery = [](base::Bytes& copy) {
    base::store_le(copy.data() + 32, std::uint64_t{9});  // a later revision
    base::store_le(copy.data() + 40, std::uint32_t{7});  // another key generation
  };
  keys.forge("conf/0", forgery);
  const auto ring = keys.open();
  CHECK(ring->tenant({"contoso.com"}).current_generation() == 1);
  CHECK_FALSE(ring->damaged_copies().empty());
  keys.forge("conf/1", forgery);
  keys.forge("conf/2", forgery);
  CHECK(failure_of([&] { keys.open(); }).kind == ErrorKind::corrupt);
}

TEST_CASE("a forged copy of a slot is reported, and never copied over the true ones",
          "[store][keys]") {
  Keys keys;
  const std::string slot = keys.slot(SlotKind::passphrase);
  keys.forge(slot + "0", [](base::Bytes& copy) {
    base::store_le(copy.data() + 32, std::uint64_t{9});  // a later revision
  });
  const base::Bytes before = keys.backend.read(slot + "1", 0, 192);
  const auto ring = keys.open();
  CHECK_FALSE(ring->damaged_copies().empty());
  ring->heal_copies(keys.backend);
  CHECK(keys.backend.read(slot + "1", 0, 192) == before);
  CHECK_NOTHROW(keys.open());
}

TEST_CASE("absurd parameters in a slot are refused before anything is allocated", "[store][keys]") {
  struct Row {
    const char* what;
    std::uint64_t memory_bytes;
    std::uint32_t passes;
  };
  const auto row =
      GENERATE(values<Row>({{"a TiB", std::uint64_t{1} << 40, 1},
                            {"all there is", ~std::uint64_t{0}, ~std::uint32_t{0}},
                            {"years of work", std::uint64_t{1} << 30, ~std::uint32_t{0}},
                            {"nothing", 0, 1},
                            {"no pass", std::uint64_t{1} << 20, 0}}));
  CAPTURE(row.what);
  Keys keys;
  keys.forge_all(keys.slot(SlotKind::passphrase), [&](base::Bytes& copy) {
    base::store_le(copy.data() + 40, row.memory_bytes);
    base::store_le(copy.data() + 48, row.passes);
  });
  const auto failure = failure_of([&] { keys.open(); });
  CHECK(failure.kind == ErrorKind::corrupt);
  CHECK(failure.what.find("refused") != std::string::npos);
  CHECK_NOTHROW(keys.open(keys.recovery.text()));

  MemoryBackend backend;
  const KdfCost cost{row.memory_bytes, row.passes};
  CHECK(failure_of([&] { KeyRing::create(backend, secret("p"), cost); }).kind == ErrorKind::usage);
}

TEST_CASE("a slot of another repository opens nothing", "[store][keys]") {
  Keys keys;
  const Keys other;
  const std::string own = keys.slot(SlotKind::passphrase);
  const std::string foreign = other.slot(SlotKind::passphrase);
  for (const char* copy : {"0", "1", "2"}) {
    keys.backend.plant(own + copy, other.backend.read(foreign + copy, 0, 192));
  }
  CHECK(failure_of([&] { keys.open(); }).kind == ErrorKind::wrong_key);
}

TEST_CASE("a changed parameter makes a slot fail to open, never open wrongly", "[store][keys]") {
  Keys keys;
  const std::string slot = keys.slot(SlotKind::recovery_key);
  for (std::size_t at = 40; at < 160; ++at) {
    CAPTURE(at);
    MemoryBackend backend;
    for (const std::string& name : keys.backend.names()) {
      const auto size = static_cast<std::size_t>(*keys.backend.size_bytes(name));
      backend.plant(name, keys.backend.read(name, 0, size));
    }
    for (const char* copy : {"0", "1", "2"}) {
      backend.alter(slot + copy, [&](base::Bytes& bytes) {
        bytes.resize(160);
        bytes[at] ^= std::byte{1};
        bytes = self_checked(bytes);
      });
    }
    const auto kind = failure_of([&] { KeyRing::open(backend, keys.recovery); }).kind;
    CHECK((kind == ErrorKind::wrong_key || kind == ErrorKind::corrupt));
  }
}

}  // namespace
}  // namespace store

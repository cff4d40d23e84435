#include "store/key_management.h"

#include "store/internal/key_slot.h"
#include "store/internal/self_checked.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace store {
namespace {

using base::ErrorKind;
using test::failure_of;
using Removal = KeyManagement::Removal;
using Operation = MemoryBackend::Operation;

base::Secret secret(std::string_view text) { return base::Secret{text}; }
base::Secret random_file(std::uint64_t seed) {
  return base::Secret{base::ByteView{test::noise(seed, 64)}};
}

// A fresh repository of keys and nothing else.
struct Keys {
  Keys() : recovery(KeyRing::create(backend, secret("correct horse"), test::kCheapKdf)) {}

  [[nodiscard]] bool opens(const base::Secret& key) const {
    try {
      return KeyRing::open(backend, key) != nullptr;
    } catch (const base::Error& error) {
      CHECK(error.kind() == ErrorKind::wrong_key);
      return false;
    }
  }
  [[nodiscard]] std::uint32_t generation() const {
    return KeyRing::open(backend, passphrase)->tenant({"contoso.com"}).current_generation();
  }
  [[nodiscard]] KeyState state() const { return read_key_state(backend, passphrase); }
  [[nodiscard]] std::string id_of(SlotKind kind) const {
    for (const KeySlot& slot : state().slots) {
      if (slot.kind == kind) return slot.id;
    }
    return "";
  }

  mutable MemoryBackend backend;
  base::Secret passphrase = secret("correct horse");
  base::Secret recovery;
};

// Lets `changes` changes of the backend happen and refuses all later ones, as a kill does. What the
// dying process tries to tidy up never happens.
void die_after(MemoryBackend& backend, int changes) {
  backend.set_hook([left = changes](Operation operation, const std::string&) mutable {
    if (operation != Operation::replace && operation != Operation::remove) return;
    if (left-- <= 0) throw base::Error{ErrorKind::disk, "cut off"};
  });
}

// Runs `act` killed after each number of changes, on a store of its own each time, until it gets to
// its end; `then` looks at what is left.
template <typename Act, typename Then>
int killed_everywhere(Act act, Then then) {
  for (int changes = 0;; ++changes) {
    CAPTURE(changes);
    Keys keys;
    const auto extra = random_file(1);
    KeyManagement{keys.backend, keys.passphrase}.add_key_file(extra);
    bool done = true;
    {
      KeyManagement management{keys.backend, keys.passphrase};
      die_after(keys.backend, changes);
      try {
        act(keys, management);
      } catch (const base::Error& error) {
        CHECK(error.kind() == ErrorKind::disk);
        done = false;
      }
    }
    keys.backend.set_hook({});
    then(keys, extra, done);
    // The next writer heals, and everything opens as before.
    static_cast<void>(KeyManagement{keys.backend, keys.passphrase});
    CHECK(KeyRing::open(keys.backend, keys.passphrase)->damaged_copies().empty());
    then(keys, extra, done);
    if (done) return changes;
  }
}

TEST_CASE("the state names every slot, its copies and which of them is in use", "[store][keys]") {
  Keys keys;
  KeyManagement{keys.backend, keys.passphrase}.add_key_file(random_file(1));
  const std::string recovery = keys.id_of(SlotKind::recovery_key);
  keys.backend.remove(slot_name(recovery) + "0");
  keys.backend.alter(slot_name(recovery) + "2",
                     [](base::Bytes& copy) { copy[90] ^= std::byte{1}; });

  const KeyState state = keys.state();

  CHECK(state.generation == 1);
  REQUIRE(state.slots.size() == 3);
  std::set<SlotKind> kinds;
  for (const KeySlot& slot : state.slots) {
    kinds.insert(slot.kind.value());
    CHECK(slot.id.size() == 16);
    CHECK(slot.problem.empty());
    CHECK(slot.in_use == (slot.kind == SlotKind::passphrase));
    CHECK(slot.cost.has_value() == (slot.kind == SlotKind::passphrase));
    using Copy = KeySlot::Copy;
    const bool hurt = slot.id == recovery;
    CHECK(slot.copies == (hurt ? std::array{Copy::missing, Copy::whole, Copy::damaged}
                               : std::array{Copy::whole, Copy::whole, Copy::whole}));
  }
  CHECK(kinds.size() == 3);
  for (const KeySlot& slot : read_key_state(keys.backend, keys.recovery).slots) {
    CHECK(slot.in_use == (slot.kind == SlotKind::recovery_key));
  }
}

TEST_CASE("every added key opens the same store", "[store][keys]") {
  Keys keys;
  const auto file = random_file(1);
  const auto before = base::to_bytes(KeyRing::open(keys.backend, keys.passphrase)->log_key());
  {
    KeyManagement management{keys.backend, keys.recovery};
    management.add_passphrase(secret("battery staple"), test::kCheapKdf);
    management.add_key_file(file);
  }
  for (const auto& key : {std::cref(keys.passphrase), std::cref(keys.recovery), std::cref(file)}) {
    CHECK(base::to_bytes(KeyRing::open(keys.backend, key.get())->log_key()) == before);
  }
  CHECK(base::to_bytes(KeyRing::open(keys.backend, secret("battery staple"))->log_key()) == before);
  CHECK_FALSE(keys.opens(random_file(2)));
  CHECK_FALSE(keys.opens(secret("battery stable")));
}

TEST_CASE("a key that is no good is refused before anything is written", "[store][keys]") {
  Keys keys;
  const auto before = keys.backend.names();
  KeyManagement management{keys.backend, keys.passphrase};
  const auto refused = [&](auto add) {
    const auto failure = failure_of(add);
    CHECK(failure.kind == ErrorKind::usage);
    return failure.what;
  };
  refused([&] { management.add_passphrase(secret(""), test::kCheapKdf); });
  refused([&] { management.add_passphrase(secret("p"), KdfCost{std::uint64_t{1} << 40, 1}); });
  refused([&] { management.add_key_file(base::Secret{base::ByteView{test::noise(1, 31)}}); });
  refused([&] { management.add_key_file(base::Secret{base::Bytes(64)}); });
  CHECK_THAT(refused([&] { management.add_passphrase(keys.passphrase, test::kCheapKdf); }),
             test::contains_text(keys.id_of(SlotKind::passphrase)));
  CHECK(keys.backend.names() == before);
  management.add_key_file(random_file(1));
  CHECK_THAT(refused([&] { management.add_key_file(random_file(1)); }),
             test::contains_text("already"));
}

TEST_CASE("a removed slot shuts out its key, and only that", "[store][keys]") {
  Keys keys;
  const auto file = random_file(1);
  KeyManagement management{keys.backend, keys.passphrase};
  const std::string id = management.add_key_file(file);
  management.remove(id, Removal::careful);
  CHECK_FALSE(keys.opens(file));
  CHECK(keys.opens(keys.passphrase));
  CHECK(keys.opens(keys.recovery));
  CHECK(failure_of([&] { management.remove(id, Removal::forced); }).kind == ErrorKind::not_found);
  CHECK(failure_of([&] { management.remove("../conf", Removal::forced); }).kind ==
        ErrorKind::not_found);
}

TEST_CASE("the key in use and the last recovery key go by force only, the last key never",
          "[store][keys]") {
  Keys keys;
  const std::string passphrase = keys.id_of(SlotKind::passphrase);
  const std::string recovery = keys.id_of(SlotKind::recovery_key);
  KeyManagement management{keys.backend, keys.passphrase};
  for (const std::string& id : {passphrase, recovery}) {
    CHECK(failure_of([&] { management.remove(id, Removal::careful); }).kind == ErrorKind::usage);
  }
  const std::string forced = GENERATE(true, false) ? passphrase : recovery;
  const std::string left = forced == passphrase ? recovery : passphrase;
  management.remove(forced, Removal::forced);
  CHECK(failure_of([&] { management.remove(left, Removal::forced); }).kind == ErrorKind::usage);
  CHECK(keys.opens(left == passphrase ? keys.passphrase : keys.recovery));
}

TEST_CASE("a slot that opens nothing does not count as another one, and may go", "[store][keys]") {
  Keys keys;
  const std::string passphrase = keys.id_of(SlotKind::passphrase);
  const std::string recovery = keys.id_of(SlotKind::recovery_key);
  for (const char* copy : {"0", "1", "2"}) keys.backend.plant(slot_name(recovery) + copy, {});
  KeyManagement management{keys.backend, keys.passphrase};
  CHECK(failure_of([&] { management.remove(passphrase, Removal::forced); }).kind ==
        ErrorKind::usage);
  management.remove(recovery, Removal::careful);
  CHECK(keys.backend.names("keys/").size() == 3);
}

TEST_CASE("a new recovery key takes the place of all older ones", "[store][keys]") {
  Keys keys;
  const std::string old = keys.id_of(SlotKind::recovery_key);
  base::Secret printed;
  KeyManagement management{keys.backend, keys.passphrase};
  const auto replacement = management.replace_recovery_key([&](const base::Secret& key) {
    CHECK(keys.opens(key));
    CHECK(keys.opens(keys.recovery));  // until the new one is safe
    printed = key.clone();
  });
  CHECK(replacement.removed == std::vector{old});
  CHECK(keys.id_of(SlotKind::recovery_key) == replacement.id);
  CHECK(keys.opens(printed));
  CHECK_FALSE(keys.opens(keys.recovery));
}

TEST_CASE("a recovery key that could not be delivered replaces nothing", "[store][keys]") {
  Keys keys;
  const auto before = keys.backend.names();
  KeyManagement management{keys.backend, keys.passphrase};
  CHECK(failure_of([&] {
          management.replace_recovery_key([](const base::Secret&) {
            throw base::Error{ErrorKind::full, "no room for the key"};
          });
        }).kind == ErrorKind::full);
  CHECK(keys.backend.names() == before);
  CHECK(keys.opens(keys.recovery));
}

TEST_CASE("rotation counts on, and is there after reopening", "[store][keys]") {
  Keys keys;
  KeyManagement management{keys.backend, keys.passphrase};
  CHECK(management.rotate() == 2);
  CHECK(management.rotate() == 3);
  CHECK(management.state().generation == 3);
  CHECK(keys.generation() == 3);
  CHECK(keys.opens(keys.recovery));
  CHECK(KeyRing::open(keys.backend, keys.passphrase)->damaged_copies().empty());
}

TEST_CASE("a rotation killed anywhere leaves the old generation or the new one", "[store][keys]") {
  const int changes =
      killed_everywhere([](Keys&, KeyManagement& management) { management.rotate(); },
                        [](const Keys& keys, const base::Secret& extra, bool done) {
                          CHECK(keys.opens(keys.passphrase));
                          CHECK(keys.opens(keys.recovery));
                          CHECK(keys.opens(extra));
                          const bool begun = keys.backend.read("conf/0", 32, 1)[0] == std::byte{2};
                          CHECK(keys.generation() == (begun ? 2U : 1U));
                          if (done) CHECK(begun);
                        });
  CHECK(changes == 3);
}

TEST_CASE("an adding killed anywhere shuts nobody out", "[store][keys]") {
  const int changes = killed_everywhere(
      [](Keys&, KeyManagement& management) {
        management.add_passphrase(secret("battery staple"), test::kCheapKdf);
      },
      [](const Keys& keys, const base::Secret& extra, bool done) {
        CHECK(keys.opens(keys.passphrase));
        CHECK(keys.opens(keys.recovery));
        CHECK(keys.opens(extra));
        if (done) CHECK(keys.opens(secret("battery staple")));
      });
  CHECK(changes == 3);
}

TEST_CASE("a removal killed anywhere shuts out nobody else, and can be repeated", "[store][keys]") {
  const int changes = killed_everywhere(
      [](Keys& keys, KeyManagement& management) {
        management.remove(keys.id_of(SlotKind::key_file), Removal::careful);
      },
      [](const Keys& keys, const base::Secret& extra, bool done) {
        CHECK(keys.opens(keys.passphrase));
        CHECK(keys.opens(keys.recovery));
        CHECK(keys.opens(extra) == !done);  // in force until it is removed whole
      });
  CHECK(changes == 3);
}

TEST_CASE("a replacement of the recovery key killed anywhere leaves one that is known",
          "[store][keys]") {
  std::string delivered;
  const int changes = killed_everywhere(
      [&](Keys&, KeyManagement& management) {
        delivered.clear();
        management.replace_recovery_key([&](const base::Secret& key) { delivered = key.text(); });
      },
      [&](const Keys& keys, const base::Secret& extra, bool done) {
        CHECK(keys.opens(keys.passphrase));
        CHECK(keys.opens(extra));
        CHECK((keys.opens(keys.recovery) || (!delivered.empty() && keys.opens(secret(delivered)))));
        if (!delivered.empty()) CHECK(keys.opens(secret(delivered)));
        if (done) CHECK_FALSE(keys.opens(keys.recovery));
      });
  CHECK(changes == 6);
}

TEST_CASE("a damaged configuration is whole again before it is replaced", "[store][keys]") {
  Keys keys;
  for (const char* copy : {"conf/0", "conf/2"}) keys.backend.plant(copy, {});
  KeyManagement management{keys.backend, keys.passphrase};
  CHECK(*keys.backend.size_bytes("conf/0") == 160);
  die_after(keys.backend, 0);
  CHECK(failure_of([&] { management.rotate(); }).kind == ErrorKind::disk);
  keys.backend.set_hook({});
  CHECK(keys.generation() == 1);
}

TEST_CASE("who opened a store before keys were changed does not undo it by healing",
          "[store][keys]") {
  Keys keys;
  const auto file = random_file(1);
  KeyManagement management{keys.backend, keys.passphrase};
  const std::string id = management.add_key_file(file);
  keys.backend.remove(slot_name(id) + "0");
  keys.backend.remove("conf/1");
  const auto early = KeyRing::open(keys.backend, keys.passphrase);
  CHECK(early->damaged_copies().size() == 2);

  management.remove(id, Removal::careful);
  management.rotate();
  keys.backend.remove("conf/0");
  early->heal_copies(keys.backend);

  CHECK_FALSE(keys.opens(file));
  CHECK(keys.generation() == 2);
  CHECK(KeyRing::open(keys.backend, keys.passphrase)->damaged_copies().empty());
}

TEST_CASE("changing keys needs the writer's lock and a store, looking at them only the store",
          "[store][keys]") {
  Keys keys;
  const auto lock = keys.backend.lock_for_writing();
  CHECK(failure_of([&] {
          KeyManagement{keys.backend, keys.passphrase};
        }).kind == ErrorKind::in_use);
  CHECK(keys.state().slots.size() == 2);
  MemoryBackend empty;
  CHECK(failure_of([&] { KeyManagement{empty, keys.passphrase}; }).kind == ErrorKind::no_store);
  CHECK(failure_of([&] { read_key_state(empty, keys.passphrase); }).kind == ErrorKind::no_store);
  CHECK(failure_of([&] { read_key_state(keys.backend, secret("wrong")); }).kind ==
        ErrorKind::wrong_key);
}

TEST_CASE("there is a most of key slots", "[store][keys]") {
  Keys keys;
  KeyManagement management{keys.backend, keys.passphrase};
  for (std::uint64_t seed = 1; seed <= 30; ++seed) management.add_key_file(random_file(seed));
  CHECK(failure_of([&] { management.add_key_file(random_file(31)); }).kind == ErrorKind::usage);
  CHECK(keys.opens(random_file(30)));
}

}  // namespace
}  // namespace store

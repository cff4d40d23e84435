#include "store/key_management.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/internal/healing.h"
#include "store/internal/key_slot.h"
#include "store/internal/master_key.h"
#include "store/internal/pack_format.h"
#include "store/internal/recovery_key.h"
#include "store/internal/self_checked.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <set>

namespace store {
namespace {

using base::ErrorKind;

// Fewer different bytes than any random file of 32 has.
constexpr std::size_t kLeastDistinctBytes = 8;

[[noreturn]] void refuse(const std::string& why) { throw base::Error{ErrorKind::usage, why}; }

KeySlot::Copy copy_state(const Backend& backend, const SelfCheckedCopies& copies,
                         const std::string& name) {
  if (std::ranges::find(copies.damaged, name) == copies.damaged.end()) return KeySlot::Copy::whole;
  return backend.size_bytes(name) ? KeySlot::Copy::damaged : KeySlot::Copy::missing;
}

// What the first content says that could open anything.
void describe(const std::vector<base::Bytes>& contents, const RepositoryId& repository,
              KeySlot& slot) {
  slot.problem = "no copy is whole";
  for (const base::Bytes& content : contents) {
    try {
      const SlotDescription described = describe_slot(content);
      slot.kind = described.kind;
      if (described.kind == SlotKind::passphrase) slot.cost = described.cost;
      if (described.repository == repository) {
        slot.problem.clear();
        return;
      }
      slot.problem = "it belongs to another store";
    } catch (const base::Error& error) {
      slot.problem = error.message();
    }
  }
}

// Empty if the slot was removed since it was listed.
std::optional<KeySlot> read_slot(const Backend& backend, const std::string& name,
                                 const OpenedMaster& opened) {
  KeySlot slot;
  slot.id = slot_id(name);
  slot.copies.fill(KeySlot::Copy::damaged);
  slot.in_use = name == opened.slot;
  try {
    const SelfCheckedCopies copies = read_copies(backend, name, slot_magic());
    if (!copies.any_present) return std::nullopt;
    for (int number = 0; number < kCopies; ++number) {
      slot.copies.at(static_cast<std::size_t>(number)) =
          copy_state(backend, copies, base::text(name, number));
    }
    describe(copies.contents, opened.config.repository, slot);
  } catch (const base::Error& error) {
    slot.problem = error.message();
  }
  return slot;
}

KeyState state_of(const Backend& backend, const OpenedMaster& opened) {
  KeyState state;
  state.generation = opened.config.key_generation;
  for (const std::string& name : slot_names(backend)) {
    if (auto slot = read_slot(backend, name, opened)) state.slots.push_back(std::move(*slot));
  }
  return state;
}

// All but the one of this id that open the store.
std::size_t others_that_open(const KeyState& state, const std::string& id,
                             std::optional<SlotKind> kind) {
  return static_cast<std::size_t>(std::ranges::count_if(state.slots, [&](const KeySlot& slot) {
    return slot.id != id && slot.problem.empty() && (!kind || slot.kind == kind);
  }));
}

// What was written is believed when it has been read.
void check_opens(const Backend& backend, const std::string& name, const base::Secret& secret,
                 const base::Secret& master) {
  const SelfCheckedCopies copies = read_copies(backend, name, slot_magic());
  if (copies.contents.size() == 1 && copies.damaged.empty()) {
    const auto opened = open_slot(copies.contents.front(), secret);
    if (opened && equal_in_constant_time(opened->bytes(), master.bytes())) return;
  }
  throw base::Error{ErrorKind::disk,
                    base::text("key slot ", slot_id(name), " is not what was written")};
}

}  // namespace

std::string_view name(SlotKind kind) {
  switch (kind) {
    case SlotKind::passphrase:
      return "passphrase";
    case SlotKind::recovery_key:
      return "recovery_key";
    case SlotKind::key_file:
      return "key_file";
  }
  return "unknown";
}

KeyState read_key_state(const Backend& backend, const base::Secret& key) {
  return state_of(backend, open_master(backend, key));
}

KeyManagement::KeyManagement(Backend& backend, const base::Secret& key) : backend_(backend) {
  // Before taking the lock, which would make a directory where there is no store.
  if (!read_copies(backend, kConfigName, config_magic()).any_present) {
    throw base::Error{ErrorKind::no_store,
                      base::text("there is no store at '", backend.describe(), "'")};
  }
  lock_ = backend.lock_for_writing();
  opened_ = std::make_unique<OpenedMaster>(open_master(backend, key));
  const base::Secret config_key = master_subkey(opened_->key, MasterKey::config);
  heal(backend, find_healings(backend, config_key.bytes()));
  ring_ = make_key_ring(*opened_, backend);
}

KeyManagement::~KeyManagement() = default;

KeyState KeyManagement::state() const { return state_of(backend_, *opened_); }

std::string KeyManagement::add_passphrase(const base::Secret& passphrase, const KdfCost& cost) {
  if (passphrase.empty()) refuse("the passphrase is empty");
  check_cost(cost);
  check_is_new(SlotKind::passphrase, passphrase);
  return add(SlotKind::passphrase, passphrase, cost);
}

std::string KeyManagement::add_key_file(const base::Secret& content) {
  const base::ByteView bytes = content.bytes();
  if (bytes.size() < kLeastKeyFileBytes) {
    refuse(base::text("a key file has at least ", kLeastKeyFileBytes, " random bytes, not ",
                      bytes.size()));
  }
  if (std::set<std::byte>{bytes.begin(), bytes.end()}.size() < kLeastDistinctBytes) {
    refuse("the bytes of this key file are not random");
  }
  check_is_new(SlotKind::key_file, content);
  return add(SlotKind::key_file, content, {});
}

void KeyManagement::check_is_new(SlotKind kind, const base::Secret& secret) const {
  SlotSearch search{backend_, {opened_->config.repository}};
  const auto any = [](const SlotSearch::Found&) { return true; };
  if (const auto found = search.find(kind, secret, any)) {
    refuse(base::text("this key opens slot ", slot_id(found->slot), " already"));
  }
}

std::string KeyManagement::add(SlotKind kind, const base::Secret& secret, const KdfCost& cost) {
  if (slot_names(backend_).size() >= kMostSlots) {
    refuse(
        base::text("there are ", kMostSlots, " key slots, and no more can be: remove one first"));
  }
  const OpenedMaster& master = *opened_;
  const std::string name = new_slot_name();
  write_copies(backend_, name, make_slot(kind, master.config.repository, secret, cost, master.key));
  check_opens(backend_, name, secret, master.key);
  return slot_id(name);
}

void KeyManagement::remove_copies(const std::string& id) {
  for (int copy = 0; copy < kCopies; ++copy) backend_.remove(base::text(slot_name(id), copy));
}

void KeyManagement::remove(const std::string& id, Removal removal) {
  const KeyState before = state();
  const auto slot = std::ranges::find(before.slots, id, &KeySlot::id);
  if (slot == before.slots.end()) {
    throw base::Error{ErrorKind::not_found, base::text("there is no key slot '", id, "'")};
  }
  if (slot->problem.empty()) {
    if (others_that_open(before, id, std::nullopt) == 0) {
      refuse(base::text("slot ", id, " is the only one that opens the store: add another first"));
    }
    const bool careful = removal == Removal::careful;
    if (careful && slot->in_use) {
      refuse(base::text("slot ", id,
                        " is the one in use: open the store with the key that is to stay, then "
                        "remove this one"));
    }
    if (careful && slot->kind == SlotKind::recovery_key &&
        others_that_open(before, id, SlotKind::recovery_key) == 0) {
      refuse(base::text("slot ", id,
                        " is the last recovery key; replacing it takes it back and makes a new "
                        "one"));
    }
  }
  remove_copies(id);
}

KeyManagement::Replacement KeyManagement::replace_recovery_key(
    const std::function<void(const base::Secret& printed)>& deliver) {
  const KeyState before = state();
  const base::Secret key = base::Secret::filled(kRecoveryKeyBytes, base::fill_random);
  Replacement replacement;
  replacement.id = add(SlotKind::recovery_key, key, {});
  try {
    deliver(print_recovery_key(key));
  } catch (const base::Error&) {
    remove_copies(replacement.id);
    throw;
  }
  for (const KeySlot& slot : before.slots) {
    if (slot.kind != SlotKind::recovery_key || !slot.problem.empty()) continue;
    remove_copies(slot.id);
    replacement.removed.push_back(slot.id);
  }
  return replacement;
}

std::uint32_t KeyManagement::rotate() {
  OpenedMaster& master = *opened_;
  RepositoryConfig next = master.config;
  if (next.key_generation >= kMostGeneration) {
    refuse(base::text("the keys have been rotated ", kMostGeneration - 1,
                      " times, the most there "
                      "can be"));
  }
  ++next.key_generation;
  ++next.revision;
  const base::Secret key = master_subkey(master.key, MasterKey::config);
  write_copies(backend_, kConfigName, encode_config(next, key.bytes()));
  master.config = next;
  return next.key_generation;
}

}  // namespace store

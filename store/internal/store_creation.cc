// Making stores: a new one, and a second one that the same keys open.
#include "src/base/error.h"
#include "src/base/text.h"
#include "store/index.h"
#include "store/internal/index_upkeep.h"
#include "store/internal/key_slot.h"
#include "store/internal/master_key.h"
#include "store/internal/repository_config.h"
#include "store/internal/reserve_size.h"
#include "store/internal/self_checked.h"
#include "store/keys.h"
#include "store/repository.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace store {
namespace {

using base::ErrorKind;

// The name of something that is in the way of a new store; empty if the place is clear. A creation
// that was killed before there was a configuration may have left these directories, and nothing in
// them but key slots.
std::optional<std::string> find_stranger(const Backend& backend,
                                         const std::set<std::string>& leftovers) {
  for (const std::string& name : backend.occupants()) {
    if (!leftovers.contains(name)) return name;
  }
  const std::set<std::string> slots = slot_names(backend);
  std::optional<std::string> object;
  backend.list("", [&](const std::string& name, std::uint64_t) {
    if (!slots.contains(name.substr(0, name.size() - 1))) object = name;
  });
  return object;
}

void refuse_other_places(const Backend& second) {
  const std::optional<std::string> stranger = find_stranger(second, {"conf"});
  if (!stranger) return;
  throw base::Error{ErrorKind::usage,
                    base::text(second.describe(), " is not empty (", *stranger,
                               ") and no store: nothing was touched there; give a new place for "
                               "the copy")};
}

// Of a store of the same keys; Error(usage) for any other.
RepositoryConfig own_config(const Backend& second, const SelfCheckedCopies& copies,
                            const OpenedMaster& opened, base::ByteView config_key) {
  if (copies.contents.empty()) {
    throw base::Error{ErrorKind::corrupt, base::text("every copy of the configuration of ",
                                                     second.describe(), " is damaged")};
  }
  for (const base::Bytes& content : copies.contents) {
    const RepositoryConfig config = decode_config(content);
    if (config.repository == opened.config.repository && is_authentic_config(content, config_key)) {
      return config;
    }
  }
  throw base::Error{ErrorKind::usage, base::text("there is another store at ", second.describe(),
                                                 ": nothing was touched there; give a new place "
                                                 "for the copy, or the place of an earlier one")};
}

// Empty if nothing proves what the slot should say.
std::optional<base::Bytes> content_of_slot(const Backend& first, const std::string& name,
                                           const RepositoryId& repository) {
  try {
    const SelfCheckedCopies copies = read_copies(first, name, slot_magic());
    if (copies.contents.size() != 1) return std::nullopt;
    if (describe_slot(copies.contents.front()).repository != repository) return std::nullopt;
    return copies.contents.front();
  } catch (const base::Error&) {
    return std::nullopt;  // another slot opened the store; this one can only be reported
  }
}

// Never removes one: whoever gets at the first store must not shut everybody out of the second.
std::vector<std::string> copy_slots(const Backend& first, Backend& second,
                                    const RepositoryId& repository) {
  std::vector<std::string> problems;
  std::set<std::string> theirs = slot_names(second);
  for (const std::string& name : slot_names(first)) {
    if (theirs.contains(name)) continue;
    const std::optional<base::Bytes> content = content_of_slot(first, name, repository);
    if (!content || theirs.size() >= kMostSlots) {
      problems.push_back(base::text(
          "key slot ", slot_id(name),
          content ? " was not copied: the second store has as many as a store may have; remove one "
                    "there"
                  : " was not copied: it is damaged"));
      continue;
    }
    write_copies(second, name, *content);
    theirs.insert(name);
  }
  return problems;
}

}  // namespace

bool Repository::exists(const Backend& backend) {
  return read_copies(backend, kConfigName, config_magic()).any_present;
}

base::Secret Repository::create(Backend& backend, const Settings& settings,
                                const base::Secret& passphrase, base::Clock&) {
  // Before the lock leaves its own file in a place that is not ours.
  if (exists(backend)) {
    throw base::Error{ErrorKind::usage,
                      base::text("there is a store at '", backend.describe(), "' already")};
  }
  if (const std::optional<std::string> stranger = find_stranger(backend, {"conf", "keys"})) {
    throw base::Error{ErrorKind::usage, base::text(backend.describe(), " is not empty (", *stranger,
                                                   "): give a new place for the store")};
  }
  check_index_place(settings.index);
  const std::unique_ptr<Backend::Lock> lock = backend.lock_for_writing();
  base::Secret recovery_key =
      KeyRing::create(backend, passphrase, {settings.kdf_memory_bytes, settings.kdf_passes});
  const std::unique_ptr<KeyRing> keys = KeyRing::open(backend, passphrase);
  Index::move_aside(settings.index);
  static_cast<void>(Index::open(settings.index, keys->repository(), Index::Mode::create));
  backend.keep_reserve(reserve_size(0));
  return recovery_key;
}

Repository::SecondStore Repository::prepare_second(const Backend& first, Backend& second,
                                                   const Settings& settings,
                                                   const base::Secret& key) {
  const OpenedMaster opened = open_master(first, key);
  const base::Secret config_key = master_subkey(opened.key, MasterKey::config);
  const auto read_config = [&] { return read_copies(second, kConfigName, config_magic()); };
  check_index_place(settings.index);
  // Before the lock leaves its own file in a place that is not ours.
  if (const SelfCheckedCopies copies = read_config(); copies.any_present) {
    static_cast<void>(own_config(second, copies, opened, config_key.bytes()));
  } else {
    refuse_other_places(second);
  }
  const std::unique_ptr<Backend::Lock> lock = second.lock_for_writing();
  SecondStore result;
  const SelfCheckedCopies copies = read_config();
  result.created = !copies.any_present;
  // First of all, because its presence tells the next run that the place is ours.
  if (result.created ||
      own_config(second, copies, opened, config_key.bytes()).revision < opened.config.revision) {
    write_copies(second, kConfigName, encode_config(opened.config, config_key.bytes()));
  }
  result.problems = copy_slots(first, second, opened.config.repository);
  return result;
}

}  // namespace store

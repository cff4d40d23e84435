#include "store/internal/master_key.h"

#include "src/base/text.h"
#include "store/internal/recovery_key.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <utility>

namespace store {
namespace {

using base::ErrorKind;

constexpr char kMasterContext[] = "cofferMK";

// A whole copy of the configuration: what it says, which no key has proven yet.
struct ClaimedConfig {
  RepositoryConfig config;
  const base::Bytes* content;
};

// All whole copies that make sense, newest first.
struct ClaimedConfigs {
  std::vector<ClaimedConfig> all;
  std::optional<base::Error> failure;  // of one that does not

  explicit ClaimedConfigs(const SelfCheckedCopies& copies) {
    for (const base::Bytes& content : copies.contents) {
      try {
        all.push_back({decode_config(content), &content});
      } catch (const base::Error& error) {
        failure = error;
        // A forged copy may hide a true one behind it; a newer format is not to be gone behind.
        if (error.kind() != ErrorKind::corrupt) break;
      }
    }
    if (all.empty() && failure) throw base::Error{*failure};
  }

  [[nodiscard]] std::vector<RepositoryId> repositories() const {
    std::vector<RepositoryId> ids;
    for (const ClaimedConfig& claimed : all) ids.push_back(claimed.config.repository);
    return ids;
  }

  // The newest that this master has written; null if none is.
  [[nodiscard]] const ClaimedConfig* proven_by(const SlotSearch::Found& found) const {
    const base::Secret key = master_subkey(found.master, MasterKey::config);
    for (const ClaimedConfig& claimed : all) {
      if (claimed.config.repository != found.repository) continue;
      if (is_authentic_config(*claimed.content, key.bytes())) return &claimed;
    }
    return nullptr;
  }
};

SelfCheckedCopies read_config(const Backend& backend) {
  SelfCheckedCopies copies = read_copies(backend, kConfigName, config_magic());
  if (!copies.any_present) {
    throw base::Error{ErrorKind::no_store,
                      base::text("there is no store at '", backend.describe(), "'")};
  }
  if (copies.contents.empty()) {
    throw base::Error{ErrorKind::corrupt, base::text("no copy of the configuration of the store '",
                                                     backend.describe(), "' is whole")};
  }
  return copies;
}

// Why the key opened nothing.
base::Error refusal(const Backend& backend, const SlotSearch& search, RecoveryKeyForm form) {
  const std::string store = base::text("the store '", backend.describe(), "'");
  if (search.failure() && !search.tried()) {
    base::Error error = *search.failure();
    return error.add_context(base::text("opening ", store));
  }
  if (!search.any()) {
    return {ErrorKind::corrupt, base::text(store, " has no key slot of its own")};
  }
  std::string message = base::text("this key does not open ", store);
  if (form == RecoveryKeyForm::mistyped) {
    message +=
        ": it looks like a recovery key, but its last group does not fit the others; look for a "
        "slip";
  }
  if (search.failure()) message += base::text(" (", search.failure()->message(), ")");
  return {ErrorKind::wrong_key, message};
}

std::uint64_t work_of(const SlotDescription& slot) {
  return slot.kind == SlotKind::passphrase ? slot.cost.memory_bytes * slot.cost.passes : 0;
}

}  // namespace

base::Secret master_subkey(const base::Secret& master, MasterKey number) {
  return derive_subkey(master.bytes(), static_cast<std::uint64_t>(number), kMasterContext);
}

SlotSearch::SlotSearch(const Backend& backend, const std::vector<RepositoryId>& repositories)
    : backend_(backend) {
  for (const std::string& name : slot_names(backend)) gather(name, repositories);
  std::ranges::stable_sort(candidates_, {},
                           [](const Candidate& candidate) { return work_of(candidate.described); });
}

void SlotSearch::gather(const std::string& name, const std::vector<RepositoryId>& repositories) {
  try {
    const SelfCheckedCopies copies = read_copies(backend_, name, slot_magic());
    if (!copies.any_present) return;  // removed since it was listed
    if (copies.contents.empty()) {
      throw base::Error{ErrorKind::corrupt,
                        base::text("no copy of key slot ", slot_id(name), " is whole")};
    }
    for (const base::Bytes& content : copies.contents) {
      try {
        const SlotDescription described = describe_slot(content);
        if (std::ranges::find(repositories, described.repository) == repositories.end()) continue;
        candidates_.push_back({name, content, described});
      } catch (const base::Error& error) {
        failure_ = error;
      }
    }
  } catch (const base::Error& error) {
    failure_ = error;
  }
}

std::optional<SlotSearch::Found> SlotSearch::try_candidate(const Candidate& candidate,
                                                           const base::Secret& secret) {
  const SlotKind kind = candidate.described.kind;
  if (kind == SlotKind::passphrase && derivations_++ >= kMostDerivations) {
    failure_ = base::Error{ErrorKind::corrupt,
                           base::text("there are more key slots than the ", kMostDerivations,
                                      " that are tried: remove those that do not belong there")};
    return std::nullopt;
  }
  try {
    std::optional<base::Secret> master = open_slot(candidate.content, secret);
    if (kind != SlotKind::key_file) tried_ = true;
    if (!master) return std::nullopt;
    return Found{candidate.slot, kind, candidate.described.repository, std::move(*master)};
  } catch (const base::Error& error) {
    failure_ = error;
    return std::nullopt;
  }
}

OpenedMaster open_master(const Backend& backend, const base::Secret& key) {
  const SelfCheckedCopies copies = read_config(backend);
  const ClaimedConfigs configs{copies};
  SlotSearch search{backend, configs.repositories()};
  const ClaimedConfig* proven = nullptr;
  bool opened = false;
  // A slot that was planted may open to another master: only what proves a configuration counts.
  const auto prove = [&](const SlotSearch::Found& found) {
    opened = true;
    proven = configs.proven_by(found);
    return proven != nullptr;
  };
  const ParsedRecoveryKey recovery = parse_recovery_key(key);
  std::optional<SlotSearch::Found> found;
  if (recovery.form == RecoveryKeyForm::whole) {
    found = search.find(SlotKind::recovery_key, recovery.key, prove);
  }
  if (!found && key.bytes().size() >= kLeastKeyFileBytes) {
    found = search.find(SlotKind::key_file, key, prove);
  }
  if (!found) found = search.find(SlotKind::passphrase, key, prove);
  if (found) return {std::move(found->master), found->slot, proven->config};
  if (!opened) throw refusal(backend, search, recovery.form);
  if (configs.failure) throw base::Error{*configs.failure};
  throw base::Error{ErrorKind::corrupt, base::text("the configuration of the store '",
                                                   backend.describe(), "' has been changed")};
}

}  // namespace store

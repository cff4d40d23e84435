#include "store/internal/healing.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/key_slot.h"
#include "store/internal/master_key.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"

#include <algorithm>

namespace store {
namespace {

void add_config(const Backend& backend, base::ByteView key, std::vector<Healing>& healings) {
  const SelfCheckedCopies copies = read_copies(backend, kConfigName, config_magic());
  const auto content = std::ranges::find_if(
      copies.contents, [&](const base::Bytes& each) { return is_authentic_config(each, key); });
  if (content == copies.contents.end()) return;
  if (content == copies.contents.begin()) {
    for (const std::string& name : copies.damaged) healings.push_back({name, *content});
    return;
  }
  // The first is forged; which copies hold it does not matter.
  for (int copy = 0; copy < kCopies; ++copy) {
    healings.push_back({base::text(kConfigName, copy), *content});
  }
}

void add_slot(const Backend& backend, const std::string& slot, std::vector<Healing>& healings) {
  try {
    const SelfCheckedCopies copies = read_copies(backend, slot, slot_magic());
    if (!copies.any_present) return;  // removed since it was listed
    const bool agreed = copies.contents.size() == 1;
    for (const std::string& name : copies.damaged) {
      healings.push_back({name, agreed ? copies.contents.front() : base::Bytes{}});
    }
  } catch (const base::Error&) {
    // Another slot opened the store; this one can only be reported.
    for (int copy = 0; copy < kCopies; ++copy) healings.push_back({base::text(slot, copy), {}});
  }
}

}  // namespace

std::vector<Healing> find_healings(const Backend& backend, base::ByteView config_key) {
  std::vector<Healing> healings;
  add_config(backend, config_key, healings);
  for (const std::string& slot : slot_names(backend)) add_slot(backend, slot, healings);
  return healings;
}

void heal(Backend& backend, const std::vector<Healing>& healings) {
  for (const Healing& healing : healings) {
    if (!healing.content.empty()) backend.replace(healing.name, self_checked(healing.content));
  }
}

}  // namespace store

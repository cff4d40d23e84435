#include "store/internal/key_slot.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/object_name.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <string_view>

namespace store {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kMasterBytes = 32;
constexpr std::size_t kOpenPartBytes = 96;  // the associated data of the wrapped key
constexpr std::size_t kSlotBytes = 160;
constexpr std::byte kArgon2id{1};
constexpr std::byte kHmacSha256{2};
constexpr std::uint64_t kLeastKdfMemoryBytes = std::uint64_t{8} << 10;
constexpr std::string_view kRecoveryLabel = "coffer recovery key slot";
constexpr std::string_view kKeyFileLabel = "coffer key file slot";
constexpr std::string_view kSlotsPrefix = "keys/";
constexpr std::size_t kIdDigits = 16;

bool is_digit(char character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
}

bool is_sane(const KdfCost& cost) {
  return cost.memory_bytes >= kLeastKdfMemoryBytes && cost.memory_bytes <= kMostKdfMemoryBytes &&
         cost.passes >= 1 && cost.passes <= kMostKdfWorkBytes / cost.memory_bytes;
}

std::string_view label_of(SlotKind kind) {
  return kind == SlotKind::recovery_key ? kRecoveryLabel : kKeyFileLabel;
}

base::Secret wrapping_key(SlotKind kind, const base::Secret& secret, base::ByteView salt,
                          const KdfCost& cost) {
  if (kind == SlotKind::passphrase) {
    return argon2id(secret.bytes(), salt, cost.memory_bytes, cost.passes);
  }
  base::Bytes labelled = base::to_bytes(base::as_bytes(label_of(kind)));
  base::append(labelled, salt);
  return base::hmac_sha256_key(secret.bytes(), labelled);
}

// The kind that two bytes of a slot name; empty if it is unknown.
std::optional<SlotKind> kind_of(std::byte kind, std::byte derivation) {
  for (const SlotKind known : {SlotKind::passphrase, SlotKind::recovery_key, SlotKind::key_file}) {
    const bool slow = known == SlotKind::passphrase;
    if (kind != static_cast<std::byte>(known)) continue;
    if (derivation == (slow ? kArgon2id : kHmacSha256)) return known;
  }
  return std::nullopt;
}

Nonce24 nonce_of(base::ByteView bytes) {
  Nonce24 nonce;
  std::memcpy(nonce.data(), bytes.data(), nonce.size());
  return nonce;
}

}  // namespace

std::set<std::string> slot_names(const Backend& backend) {
  std::set<std::string> names;
  backend.list(kSlotsPrefix, [&](const std::string& name, std::uint64_t) {
    const std::size_t dot = kSlotsPrefix.size() + kIdDigits;
    if (name.size() != dot + 2 || name[dot] != '.') return;
    if (name.back() < '0' || name.back() >= '0' + kCopies) return;
    const std::string base = name.substr(0, dot + 1);
    if (std::ranges::all_of(slot_id(base), is_digit)) names.insert(base);
  });
  return names;
}

std::string slot_name(const std::string& id) { return base::text(kSlotsPrefix, id, "."); }

std::string new_slot_name() {
  std::array<std::byte, kIdDigits / 2> id;
  base::fill_random(id);
  return slot_name(base::to_hex(id));
}

std::string slot_id(const std::string& name) { return name.substr(kSlotsPrefix.size(), kIdDigits); }

void check_cost(const KdfCost& cost) {
  if (is_sane(cost)) return;
  throw base::Error{base::ErrorKind::usage,
                    base::text("a key slot cannot cost ", base::human_bytes(cost.memory_bytes),
                               " of memory and ", cost.passes, " passes")};
}

base::Bytes make_slot(SlotKind kind, const RepositoryId& repository, const base::Secret& secret,
                      const KdfCost& cost, const base::Secret& master) {
  const bool slow = kind == SlotKind::passphrase;
  if (slow) check_cost(cost);
  SelfCheckedHead head;
  head.kinds = {static_cast<std::byte>(kind), slow ? kArgon2id : kHmacSha256};
  head.repository = repository;
  std::array<std::byte, kSaltBytes> salt;
  Nonce24 nonce;
  base::fill_random(salt);
  base::fill_random(nonce);
  FixedFieldWriter fields;
  fields.raw(encode_head(slot_magic(), head))
      .number(slow ? cost.memory_bytes : std::uint64_t{0})
      .number(slow ? cost.passes : std::uint32_t{0})
      .number(std::uint32_t{slow ? 1U : 0U})
      .raw(salt)
      .raw(nonce);
  const base::Secret wrapping = wrapping_key(kind, secret, salt, cost);
  const base::Bytes wrapped =
      seal_xchacha20(wrapping.bytes(), nonce, fields.view(), master.bytes());
  fields.raw(wrapped).fill_to(kSlotBytes);
  return fields.take();
}

SlotDescription describe_slot(base::ByteView content) {
  const SelfCheckedHead head = decode_head(content);
  check_format(head.format, "a key slot");
  FixedFieldReader fields{content, "a key slot"};
  fields.raw(kSelfCheckedHeadBytes);
  SlotDescription slot;
  slot.repository = head.repository;
  slot.cost.memory_bytes = fields.number<std::uint64_t>();
  slot.cost.passes = fields.number<std::uint32_t>();
  const auto lanes = fields.number<std::uint32_t>();
  fields.raw(kSaltBytes + sizeof(Nonce24) + kMasterBytes + kSealTagBytes);
  fields.zeros(kSlotBytes - kOpenPartBytes - kMasterBytes - kSealTagBytes);
  if (content.size() != kSlotBytes) fields.damaged("has a wrong size");
  const std::optional<SlotKind> kind = kind_of(head.kinds[0], head.kinds[1]);
  if (!kind) fields.damaged("is of an unknown kind");
  slot.kind = *kind;
  if (slot.kind == SlotKind::passphrase && (!is_sane(slot.cost) || lanes != 1)) {
    fields.damaged(base::text("asks for ", base::human_bytes(slot.cost.memory_bytes),
                              " of memory, ", slot.cost.passes, " passes and ", lanes,
                              " lanes, which is refused"));
  }
  if (slot.kind != SlotKind::passphrase &&
      (slot.cost.memory_bytes != 0 || slot.cost.passes != 0 || lanes != 0)) {
    fields.damaged("has a cost that its kind does not have");
  }
  return slot;
}

std::optional<base::Secret> open_slot(base::ByteView content, const base::Secret& secret) {
  const SlotDescription slot = describe_slot(content);
  const base::ByteView open_part = content.first(kOpenPartBytes);
  const base::ByteView salt =
      open_part.subspan(kOpenPartBytes - sizeof(Nonce24) - kSaltBytes, kSaltBytes);
  const Nonce24 nonce = nonce_of(open_part.last(sizeof(Nonce24)));
  const base::Secret wrapping = wrapping_key(slot.kind, secret, salt, slot.cost);
  return open_key_xchacha20(wrapping.bytes(), nonce, open_part,
                            content.subspan(kOpenPartBytes, kMasterBytes + kSealTagBytes));
}

}  // namespace store

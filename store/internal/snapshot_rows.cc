#include "store/internal/snapshot_rows.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/internal/commit_record.h"
#include "store/internal/fields.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <array>
#include <optional>

namespace store {
namespace {

constexpr std::size_t kMailboxBytes = 16;

base::Error damaged() {
  return {base::ErrorKind::corrupt, "the index holds a restore point that is damaged"};
}

}  // namespace

SnapshotRows::SnapshotRows(const KeyRing& keys)
    : key_(base::hmac_sha256(keys.log_key(), base::as_bytes("coffer index rows")).view()) {}

std::string SnapshotRows::prefix(const TenantDomain& tenant, const std::string& mailbox_id) const {
  FieldWriter name;
  name.text(tenant.name);
  name.text(mailbox_id);
  const base::Sha256 digest = base::hmac_sha256(key_.bytes(), name.bytes());
  return base::text(base::to_hex(digest.view().first(kMailboxBytes)), "/");
}

std::string SnapshotRows::key_of(const Snapshot& snapshot) const {
  // With the sign turned over, big-endian numbers sort as times do.
  const auto time =
      static_cast<std::uint64_t>(base::to_milliseconds(snapshot.time)) ^ (std::uint64_t{1} << 63);
  std::array<std::byte, sizeof time> digits{};
  base::store_le(digits.data(), time);
  std::reverse(digits.begin(), digits.end());
  return base::text(prefix(snapshot.tenant, snapshot.mailbox_id), base::to_hex(digits), "/",
                    snapshot.id);
}

SnapshotRow SnapshotRows::seal(const Snapshot& snapshot) const {
  SnapshotRow row{key_of(snapshot), {}};
  Nonce24 nonce;
  base::fill_random(nonce);
  row.value.assign(nonce.begin(), nonce.end());
  base::append(row.value,
               seal_xchacha20(key_.bytes(), nonce, base::as_bytes(row.key), encode(snapshot)));
  return row;
}

Snapshot SnapshotRows::open(const SnapshotRow& row) const {
  Nonce24 nonce;
  const base::ByteView value{row.value};
  if (value.size() < nonce.size() + kSealTagBytes) throw damaged();
  std::copy_n(value.begin(), nonce.size(), nonce.begin());
  const std::optional<base::Secret> plain =
      open_xchacha20(key_.bytes(), nonce, base::as_bytes(row.key), value.subspan(nonce.size()));
  if (!plain) throw damaged();
  return decode_snapshot(plain->bytes());
}

}  // namespace store

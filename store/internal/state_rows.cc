#include "store/internal/state_rows.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/fields.h"
#include "store/internal/commit_record.h"
#include "store/internal/entries.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <array>
#include <optional>

namespace store {
namespace {

constexpr std::size_t kMailboxBytes = 16;
constexpr std::string_view kTombstone = "the tombstone of a restore point";

// The same key in two tables means two things.
base::Bytes place_of(Table table, const std::string& key) {
  base::Bytes place{static_cast<std::byte>(table)};
  base::append(place, base::as_bytes(key));
  return place;
}

}  // namespace

StateRows::StateRows(const KeyRing& keys)
    : key_(base::hmac_sha256_key(keys.log_key(), base::as_bytes("coffer index rows"))) {}

std::vector<StateRow> StateRows::of(const CommitRecord& record) const {
  std::vector<StateRow> rows;
  rows.reserve(2 * record.snapshots.size() + record.events.size());
  for (const Snapshot& snapshot : record.snapshots) {
    rows.push_back(put(Table::snapshot, key_of(snapshot), encode(snapshot)));
    // What it was to hold, it holds.
    rows.push_back(
        {Table::exported, prefix(snapshot.tenant, snapshot.mailbox_id), std::nullopt, true});
  }
  for (const LogEvent& event : record.events) {
    if (const auto* purged = std::get_if<SnapshotPurged>(&event)) {
      rows.push_back({Table::snapshot, purged->key, std::nullopt});
    }
    rows.push_back(row_of(event, record.time));
  }
  return rows;
}

StateRow StateRows::row_of(const LogEvent& event, base::Instant time) const {
  if (const auto* forgotten = std::get_if<SnapshotForgotten>(&event)) {
    FieldWriter fields;
    fields.instant(time);
    fields.text(forgotten->reason);
    return put(Table::tombstone, forgotten->key, fields.bytes());
  }
  if (const auto* recalled = std::get_if<SnapshotRecalled>(&event)) {
    return {Table::tombstone, recalled->key, std::nullopt};
  }
  if (const auto* purged = std::get_if<SnapshotPurged>(&event)) {
    return {Table::tombstone, purged->key, std::nullopt};
  }
  if (const auto* added = std::get_if<HoldAdded>(&event)) {
    return put(Table::hold, added->hold.id, encode(added->hold));
  }
  return {Table::hold, std::get<HoldRemoved>(event).id, std::nullopt};
}

std::string StateRows::prefix(const TenantDomain& tenant, const std::string& mailbox_id) const {
  FieldWriter name;
  name.text(tenant.name);
  name.text(mailbox_id);
  const base::Sha256 digest = base::hmac_sha256(key_.bytes(), name.bytes());
  return base::text(base::to_hex(digest.view().first(kMailboxBytes)), "/");
}

std::string StateRows::key_of(const Snapshot& snapshot) const {
  // With the sign turned over, big-endian numbers sort as times do.
  const auto time =
      static_cast<std::uint64_t>(base::to_milliseconds(snapshot.time)) ^ (std::uint64_t{1} << 63);
  std::array<std::byte, sizeof time> digits{};
  base::store_le(digits.data(), time);
  std::reverse(digits.begin(), digits.end());
  return base::text(prefix(snapshot.tenant, snapshot.mailbox_id), base::to_hex(digits), "/",
                    snapshot.id);
}

StateRow StateRows::put(Table table, std::string key, base::ByteView plain) const {
  Nonce24 nonce;
  base::fill_random(nonce);
  base::Bytes value{nonce.begin(), nonce.end()};
  base::append(value, seal_xchacha20(key_.bytes(), nonce, place_of(table, key), plain));
  return {table, std::move(key), std::move(value)};
}

base::Bytes StateRows::open(Table table, const std::string& key, base::ByteView value) const {
  Nonce24 nonce;
  if (value.size() >= nonce.size() + kSealTagBytes) {
    std::copy_n(value.begin(), nonce.size(), nonce.begin());
    std::optional<base::Bytes> plain =
        open_xchacha20(key_.bytes(), nonce, place_of(table, key), value.subspan(nonce.size()));
    if (plain) return std::move(*plain);
  }
  throw base::Error{base::ErrorKind::corrupt,
                    "the index holds a row of restore points, holds or items that is damaged"};
}

Snapshot StateRows::open_snapshot(const std::string& key, base::ByteView value) const {
  return decode_snapshot(open(Table::snapshot, key, value));
}

Tombstone StateRows::open_tombstone(const std::string& key, base::ByteView value) const {
  const base::Bytes plain = open(Table::tombstone, key, value);
  FieldReader fields{plain, kTombstone};
  Tombstone tombstone;
  tombstone.time = fields.instant();
  tombstone.reason = fields.text();
  fields.finish();
  return tombstone;
}

Hold StateRows::open_hold(const std::string& key, base::ByteView value) const {
  return decode_hold(open(Table::hold, key, value));
}

std::string StateRows::lost_key(const TenantDomain& tenant, const std::string& mailbox_id,
                                const LostItem& item) const {
  FieldWriter name;
  name.text(item.folder_id);
  name.text(item.item_id);
  return base::text(prefix(tenant, mailbox_id),
                    base::hmac_sha256(key_.bytes(), name.bytes()).hex());
}

StateRow StateRows::of_lost(const TenantDomain& tenant, const std::string& mailbox_id,
                            const LostItem& item) const {
  FieldWriter fields;
  fields.text(item.folder_id);
  fields.text(item.item_id);
  return put(Table::lost, lost_key(tenant, mailbox_id, item), fields.bytes());
}

LostItem StateRows::open_lost(const std::string& key, base::ByteView value) const {
  const base::Bytes plain = open(Table::lost, key, value);
  FieldReader fields{plain, "a lost item"};
  LostItem item;
  item.folder_id = fields.text();
  item.item_id = fields.text();
  fields.finish();
  return item;
}

std::string StateRows::exported_key(const TenantDomain& tenant, const std::string& mailbox_id,
                                    const std::string& item_id) const {
  return base::text(prefix(tenant, mailbox_id),
                    base::hmac_sha256(key_.bytes(), base::as_bytes(item_id)).hex());
}

StateRow StateRows::of_exported(const TenantDomain& tenant, const std::string& mailbox_id,
                                const ExportedItem& item) const {
  ItemEntry entry;
  entry.change_key = item.change_key;
  entry.content = item.content;
  FieldWriter fields;
  fields.text(item.item_id);
  fields.block(encode(entry));
  return put(Table::exported, exported_key(tenant, mailbox_id, item.item_id), fields.bytes());
}

ExportedItem StateRows::open_exported(const std::string& key, base::ByteView value) const {
  const base::Bytes plain = open(Table::exported, key, value);
  FieldReader fields{plain, "an exported item"};
  ExportedItem item;
  item.item_id = fields.text();
  ItemEntry entry = decode_item({}, item_key({}, item.item_id), fields.block());
  fields.finish();
  item.change_key = std::move(entry.change_key);
  item.content = entry.content;
  return item;
}

}  // namespace store

#include "store/internal/commit_record.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/fields.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/name_digits.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <array>

namespace store {
namespace {

constexpr std::string_view kWhat = "a commit record";
constexpr std::string_view kSnapshot = "a restore point";
// A text transfer that changes line ends breaks it.
constexpr std::array<char, 8> kMagic{'\x8f', 'C', 'L', 'O', 'G', '\r', '\n', '\x1a'};
// Records that do not need a later format are written as of an earlier one, which earlier programs
// read.
constexpr std::uint32_t kFormat = 1;
constexpr std::uint32_t kFormatWithEvents = 2;
constexpr std::uint32_t kFormatWithAudit = 3;
constexpr std::uint8_t kSnapshotVersion = 1;
constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kReservedBytes = 16;
// What the log tells of another writer: its id, a number, a hash.
constexpr std::size_t kLeastOtherBytes = WriterId::kSizeBytes + 1 + base::Sha256::kSizeBytes;

constexpr std::uint8_t kComplete = 1;
constexpr std::uint8_t kFolders = 2;
constexpr std::uint8_t kItems = 4;
constexpr std::uint8_t kDisplay = 8;
constexpr std::uint8_t kState = 16;
constexpr std::uint8_t kStateIsRecipe = 32;
constexpr std::uint8_t kSnapshotFlags = 63;

base::Error newer(std::string_view what) {
  return {base::ErrorKind::usage,
          base::text(what, " was written by a newer program: update this one")};
}

std::uint8_t flags_of(const Snapshot& snapshot) {
  unsigned flags = 0;
  if (snapshot.complete) flags |= kComplete;
  if (snapshot.roots.folders) flags |= kFolders;
  if (snapshot.roots.items) flags |= kItems;
  if (snapshot.roots.display) flags |= kDisplay;
  if (snapshot.state) flags |= kState;
  if (snapshot.state && snapshot.state->is_recipe) flags |= kStateIsRecipe;
  return static_cast<std::uint8_t>(flags);
}

std::optional<ChunkId> root_if(bool there, FieldReader& fields) {
  if (!there) return std::nullopt;
  return fields.fixed<ChunkId>();
}

void put_counts(const ItemCounts& counts, FieldWriter& fields) {
  for (const std::uint64_t count :
       {counts.listed, counts.stored, counts.unchanged, counts.skipped, counts.failed}) {
    fields.number(count);
  }
}

ItemCounts get_counts(FieldReader& fields) {
  ItemCounts counts;
  counts.listed = fields.number();
  counts.stored = fields.number();
  counts.unchanged = fields.number();
  counts.skipped = fields.number();
  counts.failed = fields.number();
  return counts;
}

std::uint32_t format_of(const CommitRecord& record) {
  if (record.audit) return kFormatWithAudit;
  return record.events.empty() ? kFormat : kFormatWithEvents;
}

base::Bytes encode_payload(const CommitRecord& record) {
  FieldWriter fields;
  fields.instant(record.time);
  fields.number(record.others.size());
  for (const LogCursor& other : record.others) {
    fields.raw(other.writer.view());
    fields.number(other.sequence);
    fields.raw(other.hash.view());
  }
  fields.number(record.snapshots.size());
  for (const Snapshot& snapshot : record.snapshots) fields.block(encode(snapshot));
  const std::uint32_t format = format_of(record);
  if (format >= kFormatWithEvents) {
    fields.number(record.events.size());
    for (const LogEvent& event : record.events) put_event(event, fields);
  }
  if (format >= kFormatWithAudit) {
    fields.number(record.audit->sequence);
    fields.raw(record.audit->hash.view());
  }
  return fields.take();
}

void decode_payload(base::ByteView payload, std::uint32_t format, CommitRecord& record) {
  FieldReader fields{payload, kWhat};
  record.time = fields.instant();
  // Before memory is taken: the count may be hostile.
  record.others.resize(fields.number_up_to(fields.left() / kLeastOtherBytes));
  for (LogCursor& other : record.others) {
    other.writer = fields.fixed<WriterId>();
    other.sequence = fields.number();
    other.hash = fields.fixed<base::Sha256>();
  }
  const std::uint64_t snapshots = fields.number_up_to(fields.left());
  for (std::uint64_t i = 0; i < snapshots; ++i) {
    record.snapshots.push_back(decode_snapshot(fields.block()));
  }
  if (format >= kFormatWithEvents) {
    const std::uint64_t events = fields.number_up_to(fields.left());
    if (events == 0 && format == kFormatWithEvents) {
      throw base::Error{base::ErrorKind::corrupt, "a commit record with events has none"};
    }
    for (std::uint64_t i = 0; i < events; ++i) record.events.push_back(get_event(fields));
  }
  if (format >= kFormatWithAudit) {
    Journal::Head audit;
    audit.sequence = fields.number();
    audit.hash = fields.fixed<base::Sha256>();
    record.audit = audit;
  }
  fields.finish();
}

base::Bytes encode_header(const CommitRecord& record, const KeyRing& keys, const Nonce24& nonce) {
  FixedFieldWriter header;
  header.raw(base::as_bytes({kMagic.data(), kMagic.size()}))
      .number(format_of(record))
      .number(std::uint32_t{0})
      .raw(keys.repository().view())
      .raw(record.writer.view())
      .number(record.sequence)
      .raw(record.previous.view())
      .raw(nonce)
      .fill_to(kHeaderBytes);
  return header.take();
}

}  // namespace

base::Bytes encode(const Snapshot& snapshot) {
  FieldWriter fields;
  fields.octet(kSnapshotVersion);
  fields.octet(flags_of(snapshot));
  for (const std::string* text :
       {&snapshot.id, &snapshot.tenant.name, &snapshot.mailbox_id, &snapshot.address,
        &snapshot.display_name, &snapshot.purpose, &snapshot.policy}) {
    fields.text(*text);
  }
  fields.instant(snapshot.time);
  fields.number(snapshot.items);
  fields.number(snapshot.bytes);
  put_counts(snapshot.counts, fields);
  for (const auto* root :
       {&snapshot.roots.folders, &snapshot.roots.items, &snapshot.roots.display}) {
    if (*root) fields.raw((*root)->view());
  }
  if (snapshot.state) {
    fields.raw(snapshot.state->chunk.view());
    fields.number(snapshot.state->size_bytes);
    fields.raw(snapshot.state->sha256.view());
  }
  return fields.take();
}

Snapshot decode_snapshot(base::ByteView bytes) {
  FieldReader fields{bytes, kSnapshot};
  const std::uint8_t version = fields.octet();
  if (version > kSnapshotVersion) throw newer(kSnapshot);
  const std::uint8_t flags = fields.octet();
  const bool recipe_of_nothing = (flags & kStateIsRecipe) != 0 && (flags & kState) == 0;
  if (version == 0 || (flags & ~kSnapshotFlags) != 0 || recipe_of_nothing) {
    throw base::Error{base::ErrorKind::corrupt, "a restore point has an unknown version or flags"};
  }
  Snapshot snapshot;
  snapshot.complete = (flags & kComplete) != 0;
  for (std::string* text :
       {&snapshot.id, &snapshot.tenant.name, &snapshot.mailbox_id, &snapshot.address,
        &snapshot.display_name, &snapshot.purpose, &snapshot.policy}) {
    *text = fields.text();
  }
  snapshot.time = fields.instant();
  snapshot.items = fields.number();
  snapshot.bytes = fields.number();
  snapshot.counts = get_counts(fields);
  snapshot.roots.folders = root_if((flags & kFolders) != 0, fields);
  snapshot.roots.items = root_if((flags & kItems) != 0, fields);
  snapshot.roots.display = root_if((flags & kDisplay) != 0, fields);
  if ((flags & kState) != 0) {
    ContentRef state;
    state.is_recipe = (flags & kStateIsRecipe) != 0;
    state.chunk = fields.fixed<ChunkId>();
    state.size_bytes = fields.number();
    state.sha256 = fields.fixed<base::Sha256>();
    snapshot.state = state;
  }
  fields.finish();
  return snapshot;
}

std::string commit_name(const WriterId& writer, std::uint64_t sequence) {
  return base::text(kLogPrefix, writer.hex(), "/", number_digits(sequence));
}

std::optional<CommitPlace> commit_place_of(std::string_view name) {
  constexpr std::size_t kWriterDigits = 2 * WriterId::kSizeBytes;
  constexpr std::size_t kDigitsAt = kLogPrefix.size() + kWriterDigits + 1;
  if (!name.starts_with(kLogPrefix) || name.size() != kDigitsAt + kNumberDigits ||
      name[kDigitsAt - 1] != '/') {
    return std::nullopt;
  }
  const std::string_view writer = name.substr(kLogPrefix.size(), kWriterDigits);
  const std::optional<std::uint64_t> sequence = number_of_digits(name.substr(kDigitsAt));
  if (!is_lower_hex(writer) || sequence.value_or(0) == 0) return std::nullopt;
  return CommitPlace{WriterId::from(base::from_hex(writer)), *sequence};
}

std::string quarantined_log_name(std::string_view name) {
  // A name that the store did not make may be of any length, or like another one when it is flat.
  std::string flat = commit_place_of(name)
                         ? std::string{name}
                         : base::text(kLogPrefix, base::sha256(base::as_bytes(name)).hex());
  std::ranges::replace(flat, '/', '.');
  return base::text("trash/quarantine/", flat);
}

base::Bytes seal_commit(const CommitRecord& record, const KeyRing& keys) {
  Nonce24 nonce;
  base::fill_random(nonce);
  base::Bytes object = encode_header(record, keys, nonce);
  const base::Bytes sealed = seal_xchacha20(keys.log_key(), nonce, object, encode_payload(record));
  base::append(object, sealed);
  return object;
}

CommitRecord open_commit(base::ByteView object, std::string_view name, const KeyRing& keys) {
  const auto damaged = [&](std::string_view problem) {
    return base::Error{base::ErrorKind::corrupt, base::text("commit record ", name, " ", problem)};
  };
  if (object.size() < kHeaderBytes + kSealTagBytes) throw damaged("is cut short");
  const base::ByteView header = object.first(kHeaderBytes);
  FixedFieldReader fields{header, std::string{kWhat}};
  if (base::as_text(fields.raw(kMagic.size())) != std::string_view{kMagic.data(), kMagic.size()}) {
    throw damaged("is none");
  }
  const auto format = fields.number<std::uint32_t>();
  if (format > kFormatWithAudit) throw newer(base::text("commit record ", name));
  if (format == 0) throw damaged("has format 0");
  fields.zeros(sizeof(std::uint32_t));
  if (fields.fixed<RepositoryId>() != keys.repository()) {
    throw damaged("belongs to another store");
  }
  CommitRecord record;
  record.writer = fields.fixed<WriterId>();
  record.sequence = fields.number<std::uint64_t>();
  record.previous = fields.fixed<base::Sha256>();
  if (commit_name(record.writer, record.sequence) != name) {
    throw damaged(
        base::text("was made for another place: ", commit_name(record.writer, record.sequence)));
  }
  Nonce24 nonce;
  const base::ByteView stored_nonce = fields.raw(nonce.size());
  std::copy(stored_nonce.begin(), stored_nonce.end(), nonce.begin());
  fields.zeros(kReservedBytes);
  const std::optional<base::Bytes> payload =
      open_xchacha20(keys.log_key(), nonce, header, object.subspan(kHeaderBytes));
  if (!payload) throw damaged("is not what was written");
  try {
    decode_payload(*payload, format, record);
  } catch (base::Error& error) {
    error.add_context(base::text("reading commit record ", name));
    throw;
  }
  return record;
}

}  // namespace store

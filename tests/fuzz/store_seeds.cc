#include "src/base/random.h"
#include "src/base/text.h"
#include "store/fields.h"
#include "store/internal/chunk_encoder.h"
#include "store/internal/codec.h"
#include "store/internal/commit_record.h"
#include "store/internal/crc32c.h"
#include "store/internal/entries.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/key_slot.h"
#include "store/internal/node_entry.h"
#include "store/internal/pack_format.h"
#include "store/internal/recipe.h"
#include "store/internal/recovery_key.h"
#include "store/internal/repository_config.h"
#include "store/internal/self_checked.h"
#include "store/internal/sodium.h"
#include "store/internal/tree_node.h"
#include "store/journal.h"
#include "store/memory_backend.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/seeds.h"

namespace fuzz {
namespace {

using store::FieldWriter;
using store::FixedFieldWriter;

constexpr std::string_view kMailId =
    "AAMkADIwODk1YzUxLWE3OTgtNGQ1Zi1iNTkwLTFhZjU0YjQ2ZDM2MABGAAAAAAAiQ8W967B7TKBjgx9rVEURBwAiIsqM";

store::Snapshot example_snapshot() {
  store::Snapshot snapshot;
  snapshot.id = "01JD0000000000000000000001";
  snapshot.tenant = {"contoso.com"};
  snapshot.mailbox_id = "MBX:one@tenant";
  snapshot.address = "ada@contoso.com";
  snapshot.display_name = "Ada";
  snapshot.purpose = "user";
  snapshot.policy = "nightly";
  snapshot.time = base::from_milliseconds(1'775'000'000'000);
  snapshot.complete = true;
  snapshot.items = 3;
  snapshot.bytes = 70'000;
  snapshot.counts = {3, 2, 1, 0, 0};
  snapshot.roots.folders.emplace();
  snapshot.roots.items.emplace();
  snapshot.state.emplace();
  snapshot.state->size_bytes = 12;
  return snapshot;
}

base::Bytes with_head(std::initializer_list<std::uint8_t> head, base::ByteView rest) {
  base::Bytes bytes;
  for (const std::uint8_t octet : head) bytes.push_back(static_cast<std::byte>(octet));
  base::append(bytes, rest);
  return bytes;
}

void make_commit_seeds(const OnSeed& on_seed) {
  store::Snapshot snapshot = example_snapshot();
  on_seed("snapshot", "whole", store::encode(snapshot));
  on_seed("snapshot", "empty", store::encode(store::Snapshot{}));
  FieldWriter payload;
  payload.instant(snapshot.time);
  payload.number(1);
  payload.raw(base::Bytes(16, std::byte{0x33}));
  payload.number(7);
  payload.raw(base::Bytes(32, std::byte{0x44}));
  payload.number(2);
  payload.block(store::encode(snapshot));
  snapshot.complete = false;
  snapshot.state.reset();
  payload.block(store::encode(snapshot));
  on_seed("commit_record", "sealed", with_head({0, 0}, payload.bytes()));
  on_seed("commit_record", "newer", with_head({0, 1, 8, 0, 5}, payload.bytes()));
  store::CommitRecord record;
  record.writer.bytes.fill(std::byte{0x22});
  record.sequence = 1;
  record.snapshots.push_back(snapshot);
  on_seed("commit_record", "object", with_head({1}, store::seal_commit(record, fixed_keys())));
  record.audit.emplace().sequence = 9;
  on_seed("commit_record", "audit", with_head({1}, store::seal_commit(record, fixed_keys())));
  payload.number(0);
  payload.number(9);
  payload.raw(base::Bytes(32, std::byte{0x55}));
  on_seed("commit_record", "audit_sealed", with_head({0, 1, 8, 0, 2}, payload.bytes()));
}

void make_journal_seeds(const OnSeed& on_seed) {
  FieldWriter step;
  step.octet(2);
  step.packed_text(kMailId);
  step.number(1);
  step.packed_text(kMailId);
  step.packed_text("");
  step.number(1);
  step.packed_text(kMailId);
  step.number(1);
  step.packed_text(kMailId);
  on_seed("restore_journal", "step", step.bytes());
  on_seed("journal", "sealed", with_head({0, 0}, step.bytes()));
  on_seed("journal", "moved", with_head({0, 1, 32, 0, 1}, step.bytes()));
  store::MemoryBackend backend;
  store::Journal{backend, fixed_keys(), "audit"}.append(step.bytes());
  const std::string name = backend.names().front();
  on_seed(
      "journal", "object",
      with_head({1}, backend.read(name, 0, static_cast<std::size_t>(*backend.size_bytes(name)))));
}

void make_entry_seeds(const OnSeed& on_seed) {
  const store::FolderEntry folder{std::string{kMailId}, "root", "Inbox", "IPF.Note", "inbox"};
  on_seed("entries", "folder", with_head({0, 0}, store::encode(folder)));
  store::ItemEntry item;
  item.folder_id = "inbox";
  item.id = kMailId;
  item.change_key = "CQAAABYAAAAiIsqMbYjsT5e/T7KzowPTAAAYD6X7";
  item.item_class = "IPM.Note";
  item.created = item.modified = base::from_milliseconds(1'775'000'000'000);
  item.size_bytes = 4711;
  item.content.size_bytes = 4600;
  const std::string key = store::item_key(item.folder_id, item.id);
  base::Bytes with_key = with_head({1, static_cast<std::uint8_t>(key.size())}, base::as_bytes(key));
  base::append(with_key, store::encode(item));
  on_seed("entries", "item", with_key);
  store::ItemDisplay display;
  display.subject = "Minutes of the meeting";
  display.sender_name = "Ada";
  display.sender_address = "ada@contoso.com";
  display.received = item.created;
  display.has_attachments = true;
  on_seed("entries", "display", with_head({2, 0}, store::encode(display)));
  on_seed("entries", "key", with_head({3, 5}, base::as_bytes(base::text("inbox", kMailId))));
  on_seed("entries", "item_id", with_head({4, 0}, base::as_bytes(key)));

  for (const auto kind :
       {store::MapKind::folders, store::MapKind::items, store::MapKind::display}) {
    store::NodeBuilder builder{kind, 0};
    for (int i = 0; i < 4; ++i) {
      builder.add(store::item_key("inbox", base::text("item-", i)), store::encode(item));
    }
    on_seed("tree_node", base::text("leaf_", static_cast<char>(kind)), builder.take().bytes);
  }
  store::NodeBuilder inner{store::MapKind::items, 1};
  store::NodeRef ref;
  ref.totals = {40, 90'000};
  inner.add("first", store::encode(ref));
  inner.add("second", store::encode(ref));
  on_seed("tree_node", "inner", inner.take().bytes);
  on_seed("tree_node", "reference", store::encode(ref));
  store::FieldWriter difference;
  for (const std::uint8_t octet : {std::uint8_t{'I'}, store::kDifferenceVersion, std::uint8_t{0}}) {
    difference.octet(octet);
  }
  difference.raw(ref.id.view());
  difference.number(2);
  difference.number(1);  // the second entry goes
  difference.number(0);
  difference.number(2);  // the fifth gets another value
  difference.number(3);
  difference.raw(base::as_bytes("\x05\x06"));
  difference.number(1);
  store::write_entry(difference, "", "item 9", base::as_bytes("\x07\x08\x09"));
  on_seed("tree_node", "difference", difference.take());
}

void make_content_seeds(const OnSeed& on_seed) {
  store::Recipe recipe;
  for (std::uint64_t i = 1; i < 4; ++i) recipe.parts.push_back({{}, i * 5000});
  on_seed("recipe", "part", store::encode(recipe));
  recipe.sha256.emplace();
  on_seed("recipe", "topmost", store::encode(recipe));
  recipe.level = 1;
  on_seed("recipe", "level", store::encode(recipe));

  const base::Bytes prose(3000, std::byte{'x'});
  base::Bytes frame(prose.size());
  frame.resize(*store::make_zstd_codec()->compress(prose, frame));
  on_seed("chunk_codec", "frame", with_head({0xb7, 0x0b, 0, 0}, frame));
  on_seed("chunk_codec", "wrong_length", with_head({0, 4, 0, 0}, frame));
}

void make_key_seeds(const OnSeed& on_seed) {
  const base::Secret secret{std::string_view{kPassphrase}};
  const base::Secret recovery{base::ByteView{base::Bytes(25, std::byte{0x77})}};
  const store::RepositoryId repository = fixed_repository();
  const base::Bytes slot = store::make_slot(store::SlotKind::passphrase, repository, secret,
                                            {8 << 10, 1}, fixed_master());
  on_seed("key_slot", "passphrase", slot);
  on_seed(
      "key_slot", "recovery_key",
      store::make_slot(store::SlotKind::recovery_key, repository, recovery, {}, fixed_master()));
  store::RepositoryConfig config;
  config.repository = repository;
  const base::Bytes content = store::encode_config(
      config, store::derive_subkey(fixed_master().bytes(), 1, "cofferMK").bytes());
  on_seed("repository_config", "whole", content);

  FixedFieldWriter copies;
  const std::array<std::uint8_t, 3> forms{5, 5, 1};
  for (const std::uint8_t form : forms) {
    copies.number(form).number(static_cast<std::uint16_t>(content.size())).raw(content);
  }
  on_seed("self_checked", "two_whole", copies.view());
  // Each copy: how it is treated, how many changes, the changes.
  on_seed("key_ring", "untouched", with_head({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {}));
  on_seed("key_ring", "damaged", with_head({0, 1, 20, 0, 1, 1, 0, 2, 0, 4, 0, 0, 0, 0, 0}, {}));
  on_seed("key_ring", "newer", with_head({0, 1, 12, 0, 3, 0, 1, 12, 0, 3, 0, 1, 12, 0, 3}, {}));

  on_seed("recovery_key", "bits", recovery.bytes());
  on_seed("recovery_key", "printed", store::print_recovery_key(recovery).bytes());
}

void make_pack_format_seeds(const OnSeed& on_seed) {
  store::PackHeader header;
  header.repository = fixed_repository();
  on_seed("pack_format", "header", with_head({0, 0, 0, 0, 0}, store::encode_header(header)));
  store::RecordHeader record;
  record.plain_bytes = 100;
  record.sealed_bytes = 116;
  on_seed("pack_format", "record", with_head({1, 0, 0, 0, 0}, store::encode_record_header(record)));
  // FORMAT.md, the worked example: the table of contents at 640.
  std::vector<store::ContentsEntry> entries{{128, record}, {320, record}};
  on_seed("pack_format", "contents", with_head({2, 10, 0, 0, 0}, store::encode_contents(entries)));
  const store::PackLayout layout{640, 2};
  auto trailer = store::encode_trailer(layout, 0);
  store::seal_trailer(trailer, {});
  FixedFieldWriter sealed;
  sealed.number(std::uint8_t{3}).number(static_cast<std::uint32_t>(layout.pack_bytes)).raw(trailer);
  on_seed("pack_format", "trailer", sealed.view());
}

// Records of a pack as the pack target reads them: form, stated length, length, payload.
void add_record(FixedFieldWriter& fields, std::uint8_t form, std::uint32_t stated_bytes,
                base::ByteView payload) {
  fields.number(form).number(stated_bytes).number(static_cast<std::uint16_t>(payload.size()));
  fields.raw(payload);
}

void make_pack_seeds(const OnSeed& on_seed) {
  const base::Bytes prose(300, std::byte{'y'});
  base::Bytes frame(prose.size());
  frame.resize(*store::make_zstd_codec()->compress(prose, frame));
  const auto records = [&](std::uint8_t form) {
    FixedFieldWriter fields;
    fields.number(form).number(std::uint8_t{3});
    add_record(fields, 0, 0, base::as_bytes("a chunk that does not compress"));
    add_record(fields, 2 | 8, 300, frame);
    add_record(fields, 0, 0, prose);
    return fields;
  };
  on_seed("pack", "data", records(0).view());
  on_seed("pack", "metadata", records(1 | 16).view());
  on_seed("pack", "other_generation", records(2).view());
  on_seed("pack", "other_repository", records(4).view());
  FixedFieldWriter overlapping = records(0);
  overlapping.number(std::uint8_t{1}).number(std::uint16_t{80}).number(std::uint8_t{3});
  on_seed("pack", "overlapping_contents", overlapping.view());
  FixedFieldWriter damaged = records(0);
  damaged.raw(base::Bytes(2)).number(std::uint8_t{1}).number(std::uint16_t{200});
  damaged.number(std::uint8_t{0x10});
  on_seed("pack", "damaged_record", damaged.view());
}

// Records of RocksDB's logs: checksum, length, type, content.
void make_index_log_seeds(const OnSeed& on_seed) {
  for (const std::uint8_t type : {std::uint8_t{1}, std::uint8_t{6}}) {
    FixedFieldWriter log;
    log.number(std::uint8_t{0});
    for (int i = 0; i < 3; ++i) {
      log.number(std::uint32_t{0}).number(std::uint16_t{20});
      log.number(i == 2 ? type : std::uint8_t{1});
      log.raw(base::Bytes(20, std::byte{'r'}));
    }
    on_seed("index_logs", type == 1 ? "plain" : "recyclable", log.view());
  }
}

}  // namespace

void make_store_seeds(const OnSeed& on_seed) {
  make_commit_seeds(on_seed);
  make_journal_seeds(on_seed);
  make_entry_seeds(on_seed);
  make_content_seeds(on_seed);
  make_key_seeds(on_seed);
  make_pack_format_seeds(on_seed);
  make_pack_seeds(on_seed);
  make_index_log_seeds(on_seed);
}

}  // namespace fuzz

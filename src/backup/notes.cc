#include "src/backup/notes.h"

#include <string_view>
#include <utility>

namespace backup {
namespace {

// The last byte is the version.
constexpr std::string_view kMagic{"coffer notes\n\x03", 14};

class Writer {
 public:
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<std::byte>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<std::byte>(value));
  }
  void flag(bool value) { number(value ? 1 : 0); }
  void text(std::string_view value) {
    number(value.size());
    base::append(bytes_, base::as_bytes(value));
  }
  void instant(base::Instant value) {
    number(static_cast<std::uint64_t>(base::to_milliseconds(value)));
  }
  void raw(std::string_view value) { base::append(bytes_, base::as_bytes(value)); }
  base::Bytes take() { return std::move(bytes_); }

 private:
  base::Bytes bytes_;
};

struct Malformed {};

// Throws Malformed rather than read past the end. Lengths are compared with what is there before
// anything is allocated.
class Reader {
 public:
  explicit Reader(base::ByteView bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto octet = std::to_integer<std::uint64_t>(take(1).front());
      if (shift == 63 && octet > 1) throw Malformed{};
      value |= (octet & 0x7F) << shift;
      if (octet < 0x80) return value;
    }
    throw Malformed{};
  }
  bool flag() {
    const std::uint64_t value = number();
    if (value > 1) throw Malformed{};
    return value == 1;
  }
  std::uint32_t small_number() {
    const std::uint64_t value = number();
    if (value > 0xFFFFFFFF) throw Malformed{};
    return static_cast<std::uint32_t>(value);
  }
  std::string text() {
    const std::uint64_t size = number();
    if (size > rest_.size()) throw Malformed{};
    return std::string{base::as_text(take(static_cast<std::size_t>(size)))};
  }
  base::Instant instant() { return base::from_milliseconds(static_cast<std::int64_t>(number())); }
  void expect(std::string_view magic) {
    if (rest_.size() < magic.size() || base::as_text(take(magic.size())) != magic)
      throw Malformed{};
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  base::ByteView take(std::size_t size) {
    if (size > rest_.size()) throw Malformed{};
    const base::ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  base::ByteView rest_;
};

void put(Writer& writer, const std::optional<graph::Cursor>& cursor) {
  writer.flag(cursor.has_value());
  if (cursor) writer.text(cursor->value);
}

std::optional<graph::Cursor> get_cursor(Reader& reader) {
  if (!reader.flag()) return std::nullopt;
  return graph::Cursor{reader.text()};
}

void put(Writer& writer, const std::optional<base::Instant>& instant) {
  writer.flag(instant.has_value());
  if (instant) writer.instant(*instant);
}

std::optional<base::Instant> get_instant(Reader& reader) {
  if (!reader.flag()) return std::nullopt;
  return reader.instant();
}

void put(Writer& writer, const graph::Folder& folder) {
  writer.text(folder.id);
  writer.text(folder.parent_id);
  writer.text(folder.display_name);
  writer.text(folder.item_class);
  writer.text(folder.well_known_name);
  writer.flag(folder.is_search_folder);
  writer.flag(folder.is_hidden);
}

graph::Folder get_folder(Reader& reader) {
  graph::Folder folder;
  folder.id = reader.text();
  folder.parent_id = reader.text();
  folder.display_name = reader.text();
  folder.item_class = reader.text();
  folder.well_known_name = reader.text();
  folder.is_search_folder = reader.flag();
  folder.is_hidden = reader.flag();
  return folder;
}

void put(Writer& writer, const RetryItem& retry) {
  writer.text(retry.item.id);
  writer.text(retry.item.change_key);
  writer.text(retry.item.item_class);
  put(writer, retry.item.created);
  put(writer, retry.item.modified);
  writer.number(retry.item.size_bytes);
  writer.number(retry.attempts);
  writer.text(retry.code);
}

RetryItem get_retry(Reader& reader) {
  RetryItem retry;
  retry.item.id = reader.text();
  retry.item.change_key = reader.text();
  retry.item.item_class = reader.text();
  retry.item.created = get_instant(reader);
  retry.item.modified = get_instant(reader);
  retry.item.size_bytes = reader.number();
  retry.attempts = reader.small_number();
  retry.code = reader.text();
  return retry;
}

MailboxNotes get_notes(Reader& reader) {
  MailboxNotes notes;
  notes.user_id = reader.text();
  notes.purpose_seen = reader.instant();
  notes.cursors_taken = reader.instant();
  notes.listed_whole = reader.instant();
  notes.folder_cursor = get_cursor(reader);
  for (std::uint64_t left = reader.number(); left > 0; --left) {
    FolderNotes& folder = notes.folders[reader.text()];
    folder.cursor = get_cursor(reader);
    folder.items = reader.number();
    folder.details_tries = reader.small_number();
  }
  for (std::uint64_t left = reader.number(); left > 0; --left) {
    graph::Folder folder = get_folder(reader);
    std::string id = folder.id;
    notes.skipped_folders.insert_or_assign(std::move(id), std::move(folder));
  }
  for (std::uint64_t left = reader.number(); left > 0; --left) {
    RetryItems& items = notes.retry[reader.text()];
    for (std::uint64_t items_left = reader.number(); items_left > 0; --items_left) {
      RetryItem item = get_retry(reader);
      std::string id = item.item.id;
      items.insert_or_assign(std::move(id), std::move(item));
    }
  }
  return notes;
}

}  // namespace

base::Bytes encode(const MailboxNotes& notes) {
  Writer writer;
  writer.raw(kMagic);
  writer.text(notes.user_id);
  writer.instant(notes.purpose_seen);
  writer.instant(notes.cursors_taken);
  writer.instant(notes.listed_whole);
  put(writer, notes.folder_cursor);
  writer.number(notes.folders.size());
  for (const auto& [id, folder] : notes.folders) {
    writer.text(id);
    put(writer, folder.cursor);
    writer.number(folder.items);
    writer.number(folder.details_tries);
  }
  writer.number(notes.skipped_folders.size());
  for (const auto& [id, folder] : notes.skipped_folders) put(writer, folder);
  writer.number(notes.retry.size());
  for (const auto& [folder_id, items] : notes.retry) {
    writer.text(folder_id);
    writer.number(items.size());
    for (const auto& [id, item] : items) put(writer, item);
  }
  return writer.take();
}

bool same_but_for_cursors(const MailboxNotes& notes, const MailboxNotes& others) {
  const auto take_from = [](std::optional<graph::Cursor>& cursor,
                            const std::optional<graph::Cursor>& other) {
    if (cursor && other) cursor = other;
  };
  MailboxNotes compared = notes;
  compared.cursors_taken = others.cursors_taken;
  take_from(compared.folder_cursor, others.folder_cursor);
  for (auto& [id, folder] : compared.folders) {
    const auto other = others.folders.find(id);
    if (other != others.folders.end()) take_from(folder.cursor, other->second.cursor);
  }
  return encode(compared) == encode(others);
}

std::optional<MailboxNotes> decode(base::ByteView encoded) {
  try {
    Reader reader{encoded};
    reader.expect(kMagic);
    MailboxNotes notes = get_notes(reader);
    if (!reader.at_end()) return std::nullopt;
    return notes;
  } catch (const Malformed&) {
    return std::nullopt;
  }
}

}  // namespace backup

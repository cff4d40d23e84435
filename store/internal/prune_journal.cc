#include "store/internal/prune_journal.h"

#include "src/base/error.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "store/fields.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <set>

namespace store {
namespace {

constexpr std::string_view kPrefix = "gc/";
constexpr std::array<char, 8> kMagic{'\x8f', 'C', 'P', 'R', 'N', '\r', '\n', '\x1a'};
constexpr std::uint32_t kFormat = 2;
constexpr std::size_t kHeaderBytes = kMagic.size() + sizeof(kFormat) + RepositoryId::kSizeBytes;
// Of a million packs; more is an attack on memory.
constexpr std::uint64_t kMostNoteBytes = std::uint64_t{64} << 20;
constexpr std::string_view kWhat = "a note of prune";
constexpr std::size_t kLeastHeadBytes = WriterId::kSizeBytes + 1 + base::Sha256::kSizeBytes;

constexpr std::array kSteps{PruneStep::plan, PruneStep::condemned, PruneStep::fenced,
                            PruneStep::deleting, PruneStep::done};

std::string_view word(PruneStep step) {
  switch (step) {
    case PruneStep::plan:
      return "plan";
    case PruneStep::condemned:
      return "condemned";
    case PruneStep::fenced:
      return "fenced";
    case PruneStep::deleting:
      return "deleting";
    case PruneStep::done:
      return "done";
  }
  throw std::logic_error{"a step of prune has a name"};
}

std::string name_of(std::uint64_t epoch, PruneStep step) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llu",
                static_cast<unsigned long long>(epoch));  // NOLINT(google-runtime-int)
  return base::text(kPrefix, digits.data(), "/", word(step));
}

base::Bytes encode(const PruneNote& note) {
  FieldWriter fields;
  fields.instant(note.time);
  fields.number(note.heads.size());
  for (const LogCursor& head : note.heads) {
    fields.raw(head.writer.view());
    fields.number(head.sequence);
    fields.raw(head.hash.view());
  }
  fields.number(note.packs.size());
  for (const PackObject& pack : note.packs) {
    fields.octet(static_cast<std::uint8_t>(pack.chunk_class));
    fields.raw(pack.id.view());
    fields.number(pack.size_bytes);
  }
  return fields.take();
}

PruneNote decode(base::ByteView bytes) {
  FieldReader fields{bytes, kWhat};
  PruneNote note;
  note.time = fields.instant();
  note.heads.resize(fields.number_up_to(fields.left() / kLeastHeadBytes));
  for (LogCursor& head : note.heads) {
    head.writer = fields.fixed<WriterId>();
    head.sequence = fields.number();
    head.hash = fields.fixed<base::Sha256>();
  }
  const std::uint64_t packs = fields.number_up_to(fields.left() / PackId::kSizeBytes);
  for (std::uint64_t i = 0; i < packs; ++i) {
    PackObject pack;
    pack.chunk_class = static_cast<ChunkClass>(fields.octet() & 1U);
    pack.id = fields.fixed<PackId>();
    pack.size_bytes = fields.number();
    note.packs.push_back(pack);
  }
  fields.finish();
  return note;
}

// In the clear, and with the object's name authenticated.
base::Bytes header_of(const KeyRing& keys) {
  FixedFieldWriter header;
  header.raw(base::as_bytes(std::string_view{kMagic.data(), kMagic.size()}))
      .number(kFormat)
      .raw(keys.repository().view());
  return header.take();
}

base::Bytes associated(base::ByteView header, std::string_view name) {
  base::Bytes associated = base::to_bytes(header);
  base::append(associated, base::as_bytes(name));
  return associated;
}

}  // namespace

std::vector<std::uint64_t> PruneJournal::epochs() const {
  std::set<std::uint64_t> epochs;
  backend_->list(kPrefix, [&](const std::string& name, std::uint64_t) {
    const std::string_view digits = std::string_view{name}.substr(kPrefix.size());
    std::uint64_t epoch = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), epoch);
    if (error != std::errc{} || epoch >= kMostEpoch) return;
    for (const PruneStep step : kSteps) {
      if (name_of(epoch, step) == name) epochs.insert(epoch);
    }
  });
  return {epochs.begin(), epochs.end()};
}

void PruneJournal::write(std::uint64_t epoch, PruneStep step, const PruneNote& note) {
  const std::string name = name_of(epoch, step);
  base::Bytes object = header_of(*keys_);
  const base::Bytes bound = associated(object, name);
  Nonce24 nonce;
  base::fill_random(nonce);
  base::append(object, nonce);
  base::append(object, seal_xchacha20(keys_->log_key(), nonce, bound, encode(note)));
  const base::ByteView whole = object;
  if (backend_->put_if_absent(name, {&whole, 1}) == Backend::Put::exists) {
    throw base::Error{base::ErrorKind::in_use,
                      base::text("another process has written ", name, " of the store")};
  }
}

std::optional<PruneNote> PruneJournal::read(std::uint64_t epoch, PruneStep step) const {
  const std::string name = name_of(epoch, step);
  const std::optional<std::uint64_t> size = backend_->size_bytes(name);
  if (!size) return std::nullopt;
  const auto damaged = [&](std::string_view how) {
    return base::Error{base::ErrorKind::corrupt, base::text(name, " of the store ", how)};
  };
  Nonce24 nonce;
  if (*size < kHeaderBytes + nonce.size() + kSealTagBytes) throw damaged("is cut short");
  if (*size > kMostNoteBytes) throw damaged("is too large");
  const base::Bytes object = backend_->read(name, 0, static_cast<std::size_t>(*size));
  const base::ByteView header = base::ByteView{object}.first(kHeaderBytes);
  if (!std::ranges::equal(header, header_of(*keys_))) throw damaged("is none of this store");
  const base::ByteView rest = base::ByteView{object}.subspan(kHeaderBytes);
  std::ranges::copy(rest.first(nonce.size()), nonce.begin());
  const std::optional<base::Bytes> plain =
      open_xchacha20(keys_->log_key(), nonce, associated(header, name), rest.subspan(nonce.size()));
  if (!plain) throw damaged("is not what was written");
  return decode(*plain);
}

bool PruneJournal::has(std::uint64_t epoch, PruneStep step) const {
  return backend_->size_bytes(name_of(epoch, step)).has_value();
}

std::optional<PruneNote> PruneJournal::read_last(std::uint64_t epoch) const {
  for (auto step = kSteps.rbegin(); step != kSteps.rend(); ++step) {
    try {
      if (std::optional<PruneNote> note = read(epoch, *step)) return note;
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::corrupt) throw;
    }
  }
  return std::nullopt;
}

void PruneJournal::remove(std::uint64_t epoch) {
  // Backwards would let a deletion look as if it had not been ended.
  for (const PruneStep step : kSteps) backend_->remove(name_of(epoch, step));
}

}  // namespace store

#include "tests/simulator/item_stream.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/simulator/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace simulator {
namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;
// Sections are made in units, so that any position can be reached without what stands before it.
constexpr std::size_t kUnitBytes = 4096;

// What a record holds. The numbers mean nothing outside the simulator.
enum Tag : std::uint32_t {
  kMessageClass = 5,
  kProperties = 6,
  kTransportHeaders = 7,
  kBody = 8,
  kQuotedBody = 9,
  kAttachment = 10,
  kChecksum = 15,
};

// Purposes, so that two uses of one seed never give the same numbers.
enum Purpose : std::uint64_t { kBodySize = 101, kBodyText, kEdit, kHeaders, kAttachments, kNoise };

// What base::store_le and load_le do, in one instruction: these two decide how fast streams are
// made.
void put_word(std::byte* target, std::uint64_t word) {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(target, &word, sizeof word);
  } else {
    base::store_le(target, word);
  }
}

std::uint64_t get_word(const std::byte* source) {
  if constexpr (std::endian::native == std::endian::little) {
    std::uint64_t word = 0;
    std::memcpy(&word, source, sizeof word);
    return word;
  } else {
    return base::load_le<std::uint64_t>(source);
  }
}

base::Bytes utf16le(std::string_view ascii_text) {
  base::Bytes bytes;
  for (const char c : ascii_text) {
    bytes.push_back(static_cast<std::byte>(c));
    bytes.push_back(std::byte{0});
  }
  return bytes;
}

void fill_text(std::uint64_t seed, std::span<std::byte, kUnitBytes> unit) {
  Random random{seed};
  std::size_t position = 0;
  while (position < kUnitBytes) {
    std::uint64_t bits = random.next();
    for (int i = 0; i < 8 && position < kUnitBytes; ++i, bits >>= 8) {
      const std::string_view next = word(bits & 0xff);
      const std::size_t count = std::min(next.size(), kUnitBytes - position);
      std::memcpy(unit.data() + position, next.data(), count);
      position += count;
      if (position < kUnitBytes) unit[position++] = static_cast<std::byte>(i == 7 ? '\n' : ' ');
    }
  }
}

void fill_table(std::uint64_t seed, std::span<std::byte, kUnitBytes> unit) {
  Random random{seed};
  std::string rows;
  rows.reserve(kUnitBytes + 64);
  while (rows.size() < kUnitBytes) {
    const std::uint64_t bits = random.next();
    rows += base::text("2026-", 1 + bits % 12, ";", word(bits >> 8), ";", (bits >> 16) % 1000, ";",
                       (bits >> 32) % 10000, ",", (bits >> 48) % 100, "\n");
  }
  std::memcpy(unit.data(), rows.data(), kUnitBytes);
}

void fill_noise(std::uint64_t seed, std::span<std::byte, kUnitBytes> unit) {
  Random random{seed};
  for (std::size_t i = 0; i < kUnitBytes; i += sizeof(std::uint64_t)) {
    put_word(unit.data() + i, random.next());
  }
}

std::uint64_t fold(std::uint64_t state, base::ByteView block) {
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= block.size(); i += sizeof(std::uint64_t)) {
    state = std::rotl(state ^ get_word(block.data() + i), 29) * 0x9e3779b97f4a7c15u;
  }
  for (; i < block.size(); ++i) {
    state = std::rotl(state ^ static_cast<std::uint64_t>(block[i]), 29) * 0x9e3779b97f4a7c15u;
  }
  return state;
}

// One delivery route a mailbox: a few lines whose number and length differ.
std::string transport_headers(const Recipe& recipe) {
  Random random{mix({recipe.seed, recipe.message, recipe.viewer, kHeaders})};
  std::string lines;
  const std::uint64_t hops = 2 + random.below(5);
  for (std::uint64_t i = 0; i < hops; ++i) {
    lines += base::text("Received: from ", word(random.next()), random.below(1000), ".", kDomain,
                        " by ", word(random.next()), ".", kDomain, " id ", random.next(), "; ",
                        base::format_rfc3339(recipe.received), "\r\n");
  }
  const std::uint64_t marks = random.below(9);
  for (std::uint64_t i = 0; i < marks; ++i) {
    lines += base::text("X-", word(random.next()), ": ", random.next(), "\r\n");
  }
  return lines;
}

std::string properties(const Recipe& recipe) {
  const Facts facts = facts_of(recipe);
  return base::text("subject=", facts.subject, "\nfrom=", facts.sender_name, " <",
                    facts.sender_address, ">\nto=", facts.display_to, "\ncc=", facts.display_cc,
                    "\nmessage-id=", facts.internet_message_id,
                    "\nsearch-key=", base::to_hex(facts.search_key), "\nread=", facts.read ? 1 : 0,
                    "\nviewer=", recipe.viewer, "\nrevision=", recipe.revision, "\n");
}

// Decided by the message alone, so that a reply can quote it without knowing more.
std::uint64_t body_bytes(std::uint64_t seed, std::uint64_t message) {
  Random random{mix({seed, message, kBodySize})};
  return 300 + random.below(2000) + (random.chance(0.1) ? random.below(16000) : 0);
}

}  // namespace

ItemStream::ItemStream(const Recipe& recipe) : unit_(kUnitBytes) {
  sections_.push_back({Filling::literal, 0, kRecipeBytes, encode(recipe)});
  add_literal(kMessageClass, utf16le(message_class(recipe.kind)));
  add_literal(kProperties, base::as_bytes(properties(recipe)));
  add_literal(kTransportHeaders, base::as_bytes(transport_headers(recipe)));
  if (recipe.scrambled) {
    add(kBody, Filling::noise,
        mix({recipe.seed, recipe.message, recipe.viewer, recipe.revision, kNoise}),
        recipe.content_bytes);
  } else {
    plan_texts(recipe);
  }
}

void ItemStream::add(std::uint32_t tag, Filling filling, std::uint64_t seed,
                     std::uint64_t size_bytes) {
  base::Bytes header(12);
  base::store_le(header.data(), tag);
  base::store_le(header.data() + 4, size_bytes);
  sections_.push_back({Filling::literal, 0, header.size(), std::move(header)});
  if (size_bytes > 0) sections_.push_back({filling, seed, size_bytes, {}});
}

void ItemStream::add_literal(std::uint32_t tag, base::ByteView bytes) {
  add(tag, Filling::literal, 0, 0);
  base::store_le(sections_.back().literal.data() + 4, std::uint64_t{bytes.size()});
  if (!bytes.empty()) {
    sections_.push_back({Filling::literal, 0, bytes.size(), base::to_bytes(bytes)});
  }
}

// An edit is inserted in the middle of the body: what stands before and after it stays as it was.
void ItemStream::plan_texts(const Recipe& recipe) {
  const std::uint64_t own_seed = mix({recipe.seed, recipe.message, kBodyText});
  const std::uint64_t own = std::min(body_bytes(recipe.seed, recipe.message), recipe.content_bytes);
  add(kBody, Filling::text, own_seed, own / 2);
  if (recipe.revision > 0) {
    Random random{mix({own_seed, recipe.revision, kEdit})};
    const std::uint64_t edit_seed = random.next();
    add(kBody, Filling::text, edit_seed, 20 + random.below(200));
  }
  add(kBody, Filling::text, own_seed + 1, own - own / 2);
  std::uint64_t remaining = recipe.content_bytes - own;
  // Threads of six: each message quotes those before it, the newest first.
  for (std::uint64_t back = 1; back <= recipe.message % 6; ++back) {
    const std::uint64_t quoted = recipe.message - back;
    const std::uint64_t size = body_bytes(recipe.seed, quoted);
    if (size > remaining) break;
    const std::uint64_t seed = mix({recipe.seed, quoted, kBodyText});
    add(kQuotedBody, Filling::text, seed, size / 2);
    add(kQuotedBody, Filling::text, seed + 1, size - size / 2);
    remaining -= size;
  }
  plan_attachments(recipe, remaining);
}

// Half of the attachments come from a small pool and so have been sent before; the others are new.
void ItemStream::plan_attachments(const Recipe& recipe, std::uint64_t remaining_bytes) {
  Random random{mix({recipe.seed, recipe.message, kAttachments})};
  for (int i = 0; i < 3 && remaining_bytes > 16 * 1024; ++i) {
    if (random.chance(0.5)) continue;
    const auto size_class = static_cast<std::uint64_t>(std::bit_width(remaining_bytes)) - 1;
    const std::uint64_t size = std::uint64_t{1} << size_class;
    const std::uint64_t seed = mix({recipe.seed, kAttachments, size_class, random.below(6)});
    add(kAttachment, seed % 4 == 0 ? Filling::table : Filling::noise, seed, size);
    remaining_bytes -= size;
  }
  const std::uint64_t seed = random.next();
  add(kAttachment, seed % 4 == 0 ? Filling::table : Filling::noise, seed, remaining_bytes);
}

void ItemStream::copy_from_section(const Section& section, base::MutableByteView target) {
  if (section.filling == Filling::literal) {
    std::memcpy(target.data(), section.literal.data() + section_position_, target.size());
    section_position_ += target.size();
    return;
  }
  while (!target.empty()) {
    const std::uint64_t index = section_position_ / kUnitBytes;
    const std::size_t offset = section_position_ % kUnitBytes;
    if (unit_index_ != index) {
      const std::span<std::byte, kUnitBytes> unit{unit_};
      const std::uint64_t seed = mix({section.seed, index});
      if (section.filling == Filling::text) fill_text(seed, unit);
      if (section.filling == Filling::table) fill_table(seed, unit);
      if (section.filling == Filling::noise) fill_noise(seed, unit);
      unit_index_ = index;
    }
    const std::size_t count = std::min(target.size(), kUnitBytes - offset);
    std::memcpy(target.data(), unit_.data() + offset, count);
    section_position_ += count;
    target = target.subspan(count);
  }
}

void ItemStream::make_block() {
  block_.resize(kBlockBytes);
  block_position_ = 0;
  std::size_t filled = 0;
  while (filled < kBlockBytes && section_ < sections_.size()) {
    const Section& section = sections_[section_];
    const std::uint64_t left = section.size_bytes - section_position_;
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(left, kBlockBytes - filled));
    copy_from_section(section, base::MutableByteView{block_}.subspan(filled, count));
    filled += count;
    if (count == left) {
      ++section_;
      section_position_ = 0;
      unit_index_.reset();
    }
  }
  block_.resize(filled);
  checksum_ = fold(checksum_, block_);
  if (section_ == sections_.size()) {
    ended_ = true;
    std::array<std::byte, 20> record;
    base::store_le(record.data(), std::uint32_t{kChecksum});
    base::store_le(record.data() + 4, std::uint64_t{8});
    base::store_le(record.data() + 12, checksum_);
    base::append(block_, record);
  }
}

std::size_t ItemStream::read(base::MutableByteView target) {
  if (block_position_ == block_.size()) {
    if (ended_) return 0;
    make_block();
  }
  const std::size_t count = std::min(target.size(), block_.size() - block_position_);
  std::memcpy(target.data(), block_.data() + block_position_, count);
  block_position_ += count;
  return count;
}

StreamSummary summarize_stream(const Recipe& recipe) {
  ItemStream stream{recipe};
  base::Sha256Stream digest;
  StreamSummary summary;
  base::Bytes buffer(kBlockBytes);
  while (const std::size_t count = stream.read(buffer)) {
    digest.update(base::ByteView{buffer}.first(count));
    summary.size_bytes += count;
  }
  summary.sha256 = digest.finish();
  return summary;
}

base::Bytes whole_stream(const Recipe& recipe) {
  ItemStream stream{recipe};
  base::Bytes whole;
  base::Bytes buffer(kBlockBytes);
  while (const std::size_t count = stream.read(buffer)) {
    base::append(whole, base::ByteView{buffer}.first(count));
  }
  return whole;
}

void StreamVerifier::receive(base::ByteView piece) {
  received_bytes_ += piece.size();
  if (damaged_) return;
  if (!expected_) {
    const std::size_t wanted = std::min(piece.size(), kRecipeBytes - start_.size());
    base::append(start_, piece.first(wanted));
    piece = piece.subspan(wanted);
    if (start_.size() < kRecipeBytes) return;
    recipe_ = parse_recipe(start_);
    if (!recipe_) {
      damaged_ = true;
      return;
    }
    expected_.emplace(*recipe_);
    compare(start_);
  }
  compare(piece);
}

void StreamVerifier::compare(base::ByteView piece) {
  while (!piece.empty() && !damaged_) {
    buffer_.resize(std::min(piece.size(), kBlockBytes));
    const std::size_t count = expected_->read(buffer_);
    damaged_ = count == 0 || std::memcmp(buffer_.data(), piece.data(), count) != 0;
    piece = piece.subspan(count);
  }
}

std::optional<Recipe> StreamVerifier::finish() {
  if (damaged_ || !expected_) return std::nullopt;
  std::array<std::byte, 1> beyond;
  if (expected_->read(beyond) != 0) return std::nullopt;
  return recipe_;
}

}  // namespace simulator

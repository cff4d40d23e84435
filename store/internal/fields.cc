#include "store/fields.h"

#include "src/base/base64.h"
#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <optional>

namespace store {
namespace {

constexpr std::size_t kLongestNumber = 10;
// Shorter texts gain nothing from packing.
constexpr std::size_t kShortestPacked = 8;

// The standard alphabet of the same base64, padded.
std::string standard_alphabet(std::string_view text) {
  std::string standard{text};
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  return standard;
}

std::string padding_for(std::size_t size) { return std::string((3 - size % 3) % 3, '='); }

}  // namespace

void FieldWriter::number(std::uint64_t value) {
  while (value >= 0x80) {
    octet(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  octet(static_cast<std::uint8_t>(value));
}

void FieldWriter::signed_number(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  number(value < 0 ? ~(bits << 1) : bits << 1);
}

void FieldWriter::block(base::ByteView value) {
  number(value.size());
  raw(value);
}

void FieldWriter::packed_text(std::string_view value) {
  const PackedText packed = pack_text(value);
  number(packed.bytes.size() << 2 | static_cast<std::uint64_t>(packed.form));
  raw(packed.bytes);
}

void FieldReader::fail(std::string_view problem) const {
  throw base::Error{base::ErrorKind::corrupt, base::text(what_, " ", problem)};
}

std::uint8_t FieldReader::octet() { return std::to_integer<std::uint8_t>(raw(1).front()); }

std::uint64_t FieldReader::number() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kLongestNumber; ++i) {
    const std::uint8_t next = octet();
    if (i + 1 == kLongestNumber && next > 1) break;
    value |= std::uint64_t{next & 0x7fU} << (7 * i);
    if (next < 0x80) {
      if (next == 0 && i > 0) break;  // one value has one encoding
      return value;
    }
  }
  fail("holds a number that is none");
}

std::uint64_t FieldReader::number_up_to(std::uint64_t most) {
  const std::uint64_t value = number();
  if (value > most) fail("holds a number that is out of range");
  return value;
}

std::int64_t FieldReader::signed_number() {
  const std::uint64_t bits = number();
  const std::uint64_t magnitude = bits >> 1;
  return static_cast<std::int64_t>((bits & 1) != 0 ? ~magnitude : magnitude);
}

base::ByteView FieldReader::raw(std::size_t size_bytes) {
  if (size_bytes > rest_.size()) fail("is cut short");
  const base::ByteView value = rest_.first(size_bytes);
  rest_ = rest_.subspan(size_bytes);
  return value;
}

base::ByteView FieldReader::block() { return raw(number_up_to(rest_.size())); }

std::string FieldReader::packed_text() {
  const std::uint64_t head = number();
  const std::uint64_t form = head & 3;
  if (form > static_cast<std::uint64_t>(TextForm::padded_base64url)) {
    fail("holds a text of unknown form");
  }
  if (head >> 2 > rest_.size()) fail("is cut short");
  return unpack_text(static_cast<TextForm>(form), raw(head >> 2));
}

void FieldReader::finish() const {
  if (!rest_.empty()) fail("is longer than it should be");
}

PackedText pack_text(std::string_view text) {
  if (text.size() >= kShortestPacked) {
    const std::string_view bare = text.substr(0, std::min(text.find('='), text.size()));
    if (std::optional<base::Bytes> decoded = base::base64_decode(standard_alphabet(bare))) {
      const bool padded = bare.size() < text.size();
      const TextForm form = padded ? TextForm::padded_base64url : TextForm::base64url;
      if (unpack_text(form, *decoded) == text) return {form, std::move(*decoded)};
    }
  }
  return {TextForm::raw, base::to_bytes(base::as_bytes(text))};
}

std::string unpack_text(TextForm form, base::ByteView bytes) {
  if (form == TextForm::raw) return std::string{base::as_text(bytes)};
  std::string text = base::base64url_encode(bytes);
  if (form == TextForm::padded_base64url) text += padding_for(bytes.size());
  return text;
}

}  // namespace store

// Fields of the formats above the packs, and of what others keep in the store: variable-length
// integers, lengths and texts, written one after the other and read back from bytes that may be
// hostile.
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace store {

class FieldWriter {
 public:
  void octet(std::uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  // LEB128: seven bits an octet, least significant first.
  void number(std::uint64_t value);
  // Zigzag, so that small negative numbers stay short.
  void signed_number(std::int64_t value);
  void instant(base::Instant value) { signed_number(base::to_milliseconds(value)); }
  // As it is, without its length.
  void raw(base::ByteView value) { base::append(bytes_, value); }
  // Length, then bytes.
  void block(base::ByteView value);
  void text(std::string_view value) { block(base::as_bytes(value)); }
  // An identifier of the service: a third shorter than text() where it is base64url.
  void packed_text(std::string_view value);

  [[nodiscard]] const base::Bytes& bytes() const { return bytes_; }
  [[nodiscard]] base::Bytes take() { return std::move(bytes_); }

 private:
  base::Bytes bytes_;
};

// Every read throws Error(corrupt) naming `what` if the bytes do not hold such a field.
class FieldReader {
 public:
  // `what` outlives the reader.
  FieldReader(base::ByteView bytes, std::string_view what) : rest_(bytes), what_(what) {}

  std::uint8_t octet();
  std::uint64_t number();
  // A number that is at most `most`.
  std::uint64_t number_up_to(std::uint64_t most);
  std::int64_t signed_number();
  base::Instant instant() { return base::from_milliseconds(signed_number()); }
  base::ByteView raw(std::size_t size_bytes);
  base::ByteView block();
  std::string text() { return std::string{base::as_text(block())}; }
  std::string packed_text();
  template <typename Fixed>
  Fixed fixed() {
    return Fixed::from(raw(Fixed::kSizeBytes));
  }

  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  // That nothing is left.
  void finish() const;
  // For those who find a field wrong that could be read.
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  base::ByteView rest_;
  std::string_view what_;
};

// How a text was packed. The values are part of the format.
enum class TextForm : std::uint8_t { raw = 0, base64url = 1, padded_base64url = 2 };

struct PackedText {
  TextForm form = TextForm::raw;
  base::Bytes bytes;
};

// Decodes base64url where encoding again gives the same text; anything else stays as it is.
PackedText pack_text(std::string_view text);
std::string unpack_text(TextForm form, base::ByteView bytes);

}  // namespace store

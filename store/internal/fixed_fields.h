// Fields of fixed sizes (packs, keys, index rows), little-endian, one after the other.
#pragma once

#include "src/base/bytes.h"
#include "src/base/error.h"

#include <cstddef>
#include <string>
#include <utility>

namespace store {

class FixedFieldWriter {
 public:
  template <typename Unsigned>
  FixedFieldWriter& number(Unsigned value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    base::store_le(bytes_.data() + at, value);
    return *this;
  }
  FixedFieldWriter& raw(base::ByteView bytes) {
    base::append(bytes_, bytes);
    return *this;
  }
  // Zeros up to `size_bytes` in all.
  FixedFieldWriter& fill_to(std::size_t size_bytes) {
    base::check(bytes_.size() <= size_bytes, "a format's fields fit their place");
    bytes_.resize(size_bytes);
    return *this;
  }
  [[nodiscard]] base::ByteView view() const { return bytes_; }
  [[nodiscard]] base::Bytes take() { return std::move(bytes_); }

 private:
  base::Bytes bytes_;
};

// What it reads may be hostile: past the end it throws Error(corrupt), naming what is read.
class FixedFieldReader {
 public:
  FixedFieldReader(base::ByteView bytes, std::string what)
      : bytes_(bytes), what_(std::move(what)) {}

  template <typename Unsigned>
  Unsigned number() {
    return base::load_le<Unsigned>(raw(sizeof(Unsigned)).data());
  }
  base::ByteView raw(std::size_t size_bytes) {
    if (size_bytes > bytes_.size()) damaged("is cut short");
    const base::ByteView front = bytes_.first(size_bytes);
    bytes_ = bytes_.subspan(size_bytes);
    return front;
  }
  template <typename Fixed>
  Fixed fixed() {
    return Fixed::from(raw(Fixed::kSizeBytes));
  }
  // What is reserved must be zero: an unknown meaning is not skipped.
  void zeros(std::size_t size_bytes) {
    for (const std::byte byte : raw(size_bytes)) {
      if (byte != std::byte{0}) damaged("uses reserved bytes");
    }
  }
  [[noreturn]] void damaged(const std::string& how) const {
    throw base::Error{base::ErrorKind::corrupt, what_ + " " + how};
  }

 private:
  base::ByteView bytes_;
  std::string what_;
};

}  // namespace store

#include "src/base/bytes.h"

#include "src/base/error.h"
#include "tests/support/catch.h"

#include <limits>

TEST_CASE("hexadecimal texts", "[base][bytes]") {
  const base::Bytes bytes{std::byte{0x00}, std::byte{0x7f}, std::byte{0xab}, std::byte{0xff}};
  CHECK(base::to_hex(bytes) == "007fabff");
  CHECK(base::from_hex("007fabff") == bytes);
  CHECK(base::from_hex("007FaBfF") == bytes);
  CHECK(base::to_hex({}).empty());
  CHECK(base::from_hex("").empty());
}

TEST_CASE("what is not hexadecimal is refused", "[base][bytes]") {
  const std::string_view text =
      GENERATE(as<std::string_view>{}, "a", "abc", "ag", "0x00", " 00", "-1");
  CAPTURE(text);
  try {
    base::from_hex(text);
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
  }
}

TEST_CASE("little-endian numbers lie as the formats say", "[base][bytes]") {
  std::array<std::byte, 8> target{};
  base::store_le(target.data(), std::uint32_t{0x01020304});
  CHECK(base::to_hex(target) == "0403020100000000");
  CHECK(base::load_le<std::uint32_t>(target.data()) == 0x01020304);
  base::store_le(target.data(), std::numeric_limits<std::uint64_t>::max() - 1);
  CHECK(base::to_hex(target) == "feffffffffffffff");
  CHECK(base::load_le<std::uint64_t>(target.data()) == 0xfffffffffffffffe);
  base::store_le(target.data(), std::uint8_t{0x80});
  CHECK(base::load_le<std::uint8_t>(target.data()) == 0x80);
  base::store_le(target.data(), std::uint16_t{0xff01});
  CHECK(base::load_le<std::uint16_t>(target.data()) == 0xff01);
}

TEST_CASE("fixed bytes compare by content", "[base][bytes]") {
  struct Tag;
  using Id = base::FixedBytes<Tag, 8>;
  const Id one = Id::from(base::as_bytes("aaaaaaab"));
  const Id other = Id::from(base::as_bytes("aaaaaaac"));
  CHECK(one == Id::from(one.view()));
  CHECK(one < other);
  CHECK(one.hex() == "6161616161616162");
  CHECK(base::FixedBytesHash{}(one) != base::FixedBytesHash{}(other));
}

TEST_CASE("bytes and text are views of each other", "[base][bytes]") {
  base::Bytes bytes = base::to_bytes(base::as_bytes("ab"));
  base::append(bytes, base::as_bytes("cd"));
  CHECK(base::as_text(bytes) == "abcd");
}

#include "src/base/digest.h"
#include "store/internal/cipher.h"
#include "store/internal/codec.h"
#include "store/internal/crc32c.h"
#include "store/internal/sodium.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <array>

namespace store {
namespace {

base::Bytes from_text(std::string_view text) { return base::to_bytes(base::as_bytes(text)); }

TEST_CASE("CRC-32C gives the published value", "[store][primitives]") {
  CHECK(crc32c(base::as_bytes("123456789")) == 0xe3069283U);
  CHECK(crc32c({}) == 0);
}

TEST_CASE("CRC-32C by instruction, by table and in pieces agree", "[store][primitives]") {
  for (std::size_t size = 0; size < 300; size += 7) {
    CAPTURE(size);
    const base::Bytes bytes = test::noise(size, size);
    const std::uint32_t expected = crc32c_by_table(bytes);
    CHECK(crc32c(bytes) == expected);
    const base::ByteView view = bytes;
    CHECK(crc32c(view.subspan(size / 3), crc32c(view.first(size / 3))) == expected);
  }
}

TEST_CASE("the fast XChaCha20-Poly1305 gives libsodium's bytes", "[store][primitives]") {
  for (const std::size_t size : {0U, 1U, 15U, 16U, 63U, 64U, 65U, 1000U, 100'000U}) {
    CAPTURE(size);
    const base::Bytes key = test::noise(1 + size, 32);
    const base::Bytes associated = test::noise(2 + size, size % 200);
    const base::Bytes plain = test::noise(3 + size, size);
    Nonce24 nonce;
    std::ranges::copy(test::noise(4 + size, nonce.size()), nonce.begin());

    std::array<std::byte, 12> short_nonce{};
    std::copy(nonce.begin() + 16, nonce.end(), short_nonce.begin() + 4);
    const auto subkey = hchacha20(key, base::ByteView{nonce}.first(16));
    base::Bytes sealed = plain;
    sealed.resize(plain.size() + kSealTagBytes);
    seal_chacha20(subkey, short_nonce, associated, sealed);
    CHECK(sealed == seal_xchacha20(key, nonce, associated, plain));

    base::Bytes opened(plain.size());
    CHECK(open_chacha20(subkey, short_nonce, associated, sealed, opened));
    CHECK(opened == plain);
    sealed.back() ^= std::byte{1};
    CHECK_FALSE(open_chacha20(subkey, short_nonce, associated, sealed, opened));
    CHECK(opened == base::Bytes(plain.size()));
  }
}

TEST_CASE("libsodium's XChaCha20-Poly1305 gives the draft's test vector", "[store][primitives]") {
  // draft-irtf-cfrg-xchacha-03, appendix A.3.1
  const base::Bytes key =
      base::from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const base::Bytes nonce_bytes =
      base::from_hex("404142434445464748494a4b4c4d4e4f5051525354555657");
  const base::Bytes associated = base::from_hex("50515253c0c1c2c3c4c5c6c7");
  const base::Bytes plain = from_text(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.");
  Nonce24 nonce;
  std::ranges::copy(nonce_bytes, nonce.begin());
  const base::Bytes sealed = seal_xchacha20(key, nonce, associated, plain);
  CHECK(base::to_hex(base::ByteView{sealed}.last(16)) == "c0875924c1c7987947deafd8780acf49");
  CHECK(base::to_hex(base::ByteView{sealed}.first(16)) == "bd6d179d3e83d43b9576579493c0e939");
}

TEST_CASE("keyed hashes with contexts kept per thread equal HMAC-SHA-256", "[store][primitives]") {
  const KeyedHash first{test::noise(1, 32)};
  const KeyedHash second{test::noise(2, 32)};
  for (int round = 0; round < 3; ++round) {
    const base::Bytes prefix = test::noise(10, 24);
    const base::Bytes body = test::noise(11, 5000);
    base::Bytes whole = prefix;
    base::append(whole, body);
    CHECK(first(prefix, body) == base::hmac_sha256(test::noise(1, 32), whole));
    CHECK(first({}, whole) == first(prefix, body));
    CHECK(second(prefix, body) == base::hmac_sha256(test::noise(2, 32), whole));
  }
}

TEST_CASE("zstd gives back what it was given, and refuses everything else", "[store][primitives]") {
  const std::unique_ptr<Codec> codec = make_zstd_codec();
  const base::Bytes plain = test::prose(1, 50'000);
  base::Bytes compressed(plain.size());
  const auto size = codec->compress(plain, compressed);
  REQUIRE(size);
  CHECK(*size < plain.size() / 2);
  compressed.resize(*size);
  base::Bytes opened(plain.size());
  CHECK(codec->decompress(compressed, opened));
  CHECK(opened == plain);

  base::Bytes shorter(plain.size() - 1);
  CHECK_FALSE(codec->decompress(compressed, shorter));
  base::Bytes longer(plain.size() + 1);
  CHECK_FALSE(codec->decompress(compressed, longer));
  CHECK_FALSE(codec->decompress(base::ByteView{compressed}.first(*size / 2), opened));
  CHECK_FALSE(codec->decompress(test::noise(2, 100), opened));
  CHECK_FALSE(codec->compress(test::noise(3, 1000), base::MutableByteView{compressed}.first(900)));
}

}  // namespace
}  // namespace store

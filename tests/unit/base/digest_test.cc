#include "src/base/digest.h"

#include "tests/support/catch.h"

#include <utility>

namespace {

base::Bytes repeated(std::size_t size, unsigned char value) {
  return base::Bytes(size, std::byte{value});
}

}  // namespace

TEST_CASE("SHA-256 of the examples of FIPS 180-4", "[base][digest]") {
  CHECK(base::sha256({}).hex() ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(base::sha256(base::as_bytes("abc")).hex() ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(base::sha256(base::as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
            .hex() == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("a digest in pieces is the digest of the whole", "[base][digest]") {
  const base::Bytes bytes = repeated(1000, 'x');
  for (const std::size_t cut : {0U, 1U, 63U, 64U, 65U, 999U, 1000U}) {
    CAPTURE(cut);
    base::Sha256Stream stream;
    stream.update(base::ByteView{bytes}.first(cut));
    stream.update(base::ByteView{bytes}.subspan(cut));
    CHECK(stream.finish() == base::sha256(bytes));
  }
}

TEST_CASE("a finished digest starts anew", "[base][digest]") {
  base::Sha256Stream stream;
  stream.update(base::as_bytes("before"));
  CHECK(stream.finish() == base::sha256(base::as_bytes("before")));
  base::Sha256Stream moved = std::move(stream);
  moved.update(base::as_bytes("abc"));
  CHECK(moved.finish() == base::sha256(base::as_bytes("abc")));
  CHECK(moved.finish() == base::sha256({}));
}

TEST_CASE("HMAC-SHA-256 of the cases of RFC 4231", "[base][digest]") {
  CHECK(base::hmac_sha256(repeated(20, 0x0b), base::as_bytes("Hi There")).hex() ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(base::hmac_sha256(base::as_bytes("Jefe"), base::as_bytes("what do ya want for nothing?"))
            .hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(base::hmac_sha256(repeated(131, 0xaa),
                          base::as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))
            .hex() == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("HMAC takes an empty key and an empty text", "[base][digest]") {
  CHECK(base::hmac_sha256({}, {}).hex() ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

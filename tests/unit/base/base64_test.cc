#include "src/base/base64.h"

#include "src/base/random.h"
#include "tests/support/catch.h"

#include <string>
#include <vector>

namespace {

struct KnownText {
  std::string_view plain;
  std::string_view encoded;
  std::string_view url_encoded;
};

// RFC 4648, section 10, and the two characters in which the alphabets differ.
const std::vector<KnownText> kKnownTexts{
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/", "-_-_"},
    {"\xff\xff", "//8=", "__8"},
};

base::Bytes random_bytes(std::size_t size) {
  base::Bytes bytes(size);
  base::fill_random(bytes);
  return bytes;
}

}  // namespace

TEST_CASE("base64 of known texts", "[base][base64]") {
  for (const KnownText& known : kKnownTexts) {
    CAPTURE(known.encoded);
    CHECK(base::base64_encode(base::as_bytes(known.plain)) == known.encoded);
    CHECK(base::base64url_encode(base::as_bytes(known.plain)) == known.url_encoded);
    CHECK(base::base64_decode(known.encoded) == base::to_bytes(base::as_bytes(known.plain)));
  }
}

TEST_CASE("malformed base64 is refused", "[base][base64]") {
  const std::string_view malformed = GENERATE(
      as<std::string_view>{}, "Z", "Zg", "Zg=", "Zg===", "Zg==Zg==", "Zg==Z",
      "Zg== ", " Zg==", "Zm9v\n", "Zm9v\r\nZm9v", "Zm 9", "=", "==", "===", "====", "Z===", "=Zm9",
      "Zm=v", "Z=9v", "Zm9=v", "Zh==", "Zm9=", "Z-_=", "-_-_", "Zm9v.m9v", "Zm9v\xff\xfe",
      std::string_view{"Zm9\0", 4}, "Zm9vZg==Zm9v");
  CAPTURE(malformed);
  CHECK_FALSE(base::base64_decode(malformed));
}

TEST_CASE("base64 brings back every length", "[base][base64]") {
  for (std::size_t size = 0; size < 300; ++size) {
    const base::Bytes bytes = random_bytes(size);
    REQUIRE(base::base64_decode(base::base64_encode(bytes)) == bytes);
  }
}

TEST_CASE("base64 may be cut anywhere", "[base][base64]") {
  const base::Bytes bytes = random_bytes(GENERATE(1U, 2U, 3U, 46U, 47U, 48U));
  const std::string encoded = base::base64_encode(bytes);
  for (std::size_t first = 0; first <= encoded.size(); ++first) {
    for (std::size_t second = first; second <= encoded.size(); ++second) {
      base::Base64Decoder decoder;
      base::Bytes decoded;
      REQUIRE(decoder.decode(std::string_view{encoded}.substr(0, first), decoded));
      REQUIRE(decoder.decode(std::string_view{encoded}.substr(first, second - first), decoded));
      REQUIRE(decoder.decode(std::string_view{encoded}.substr(second), decoded));
      REQUIRE(decoder.complete());
      REQUIRE(decoded == bytes);
    }
  }
}

TEST_CASE("malformed base64 is refused wherever it is cut", "[base][base64]") {
  const std::string_view malformed = GENERATE(as<std::string_view>{}, "Zm9vZg==Zm9v", "Zm9vZg==Z",
                                              "Zm9v Zm9v", "Zm9vZm9", "Zm9vZh==", "Zm=vZm9v");
  for (std::size_t cut = 0; cut <= malformed.size(); ++cut) {
    CAPTURE(malformed, cut);
    base::Base64Decoder decoder;
    base::Bytes decoded;
    const bool accepted = decoder.decode(malformed.substr(0, cut), decoded) &&
                          decoder.decode(malformed.substr(cut), decoded) && decoder.complete();
    CHECK_FALSE(accepted);
  }
}

TEST_CASE("a base64 decoder that has failed stays failed", "[base][base64]") {
  base::Base64Decoder decoder;
  base::Bytes decoded;
  CHECK_FALSE(decoder.decode("Zm9!", decoded));
  CHECK_FALSE(decoder.decode("Zm9v", decoded));
  CHECK_FALSE(decoder.complete());
}

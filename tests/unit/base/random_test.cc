#include "src/base/random.h"

#include "tests/support/catch.h"

#include <set>
#include <string>

TEST_CASE("random bytes fill the whole target and differ", "[base][random]") {
  base::Bytes first(100'000);
  base::Bytes second(100'000);
  base::fill_random(first);
  base::fill_random(second);
  CHECK(first != second);
  // All zero at the end has a chance of 2^-256 unless the end was left out.
  CHECK(base::Bytes(first.end() - 32, first.end()) != base::Bytes(32));
  base::fill_random({});
}

TEST_CASE("ULIDs sort by time", "[base][random]") {
  const std::string epoch = base::new_ulid(base::from_milliseconds(0));
  CHECK(epoch.size() == 26);
  CHECK(epoch.starts_with("0000000000"));
  // The example of the specification, 1469918176385.
  CHECK(base::new_ulid(base::from_milliseconds(1'469'918'176'385)).starts_with("01aryz6s41"));
  CHECK(base::new_ulid(base::from_milliseconds(1'795'399'199'999)) <
        base::new_ulid(base::from_milliseconds(1'795'399'200'000)));
  CHECK(base::new_ulid(base::from_milliseconds(-5)).starts_with("0000000000"));
}

TEST_CASE("identifiers of the same time do not repeat", "[base][random]") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string ulid = base::new_ulid(base::from_milliseconds(1));
    REQUIRE(ulid.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz") == std::string::npos);
    REQUIRE(seen.insert(ulid).second);
    REQUIRE(seen.insert(base::new_uuid()).second);
  }
}

TEST_CASE("UUIDs have version 4 and the variant of RFC 9562", "[base][random]") {
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = base::new_uuid();
    CAPTURE(uuid);
    REQUIRE(uuid.size() == 36);
    for (std::size_t position = 0; position < uuid.size(); ++position) {
      const bool hyphen = position == 8 || position == 13 || position == 18 || position == 23;
      REQUIRE((hyphen ? std::string{"-"} : std::string{"0123456789abcdef"}).find(uuid[position]) !=
              std::string::npos);
    }
    REQUIRE(uuid[14] == '4');
    REQUIRE(std::string{"89ab"}.find(uuid[19]) != std::string::npos);
    REQUIRE(base::is_uuid(uuid));
    REQUIRE_FALSE(base::is_uuid(uuid + "0"));
    REQUIRE_FALSE(base::is_uuid(uuid.substr(1)));
  }
  CHECK_FALSE(base::is_uuid(""));
  CHECK_FALSE(base::is_uuid("0123456789abcdef0123456789abcdef0123"));
  CHECK_FALSE(base::is_uuid("0123456G-0000-4000-8000-000000000000"));
}

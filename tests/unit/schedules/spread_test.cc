#include "schedules/spread.h"

#include "src/base/text.h"
#include "tests/support/catch.h"

#include <array>
#include <cstddef>
#include <cstdint>

using schedules::spread_place;

TEST_CASE("places are the same in every release", "[schedules][spread]") {
  CHECK(spread_place("MBX:ann") == 0x611a84e1024c5d4U);
  CHECK(spread_place("") == 0x812847a7402dfa07U);
}

TEST_CASE("mailboxes are spread evenly, neighbours too", "[schedules][spread]") {
  std::array<std::size_t, 16> shares{};
  std::size_t together = 0;
  std::uint64_t before = 0;
  for (int i = 0; i < 16000; ++i) {
    const std::uint64_t place = spread_place(base::text("user", i, "@contoso.com"));
    ++shares[place >> 60];
    together += (place >> 60) == (before >> 60) ? 1 : 0;
    before = place;
  }
  for (const std::size_t share : shares) {
    CHECK(share > 850);
    CHECK(share < 1150);
  }
  CHECK(together < 1150);
}

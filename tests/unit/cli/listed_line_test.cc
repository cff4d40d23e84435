#include "src/cli/listed_line.h"

#include "tests/support/catch.h"

#include <algorithm>

TEST_CASE("what the service calls an item never reaches the terminal raw", "[cli][listed_line]") {
  const jobs::Record item{{"type", "item"},
                          {"id", "AAMk\x1b]0;title\x07="},
                          {"subject", "about \x1b[2J"},
                          {"from", "ann\x1b[0m@contoso.com"},
                          {"received", "2026-11-23T02:00:00Z"},
                          {"size", std::uint64_t{10}}};
  const std::vector<std::string> lines = cli::listed_lines(item, 100, true);
  REQUIRE(lines.size() == 2);
  for (const std::string& line : lines) {
    CHECK(
        std::none_of(line.begin(), line.end(), [](char c) { return c == '\x1b' || c == '\x07'; }));
  }
  CHECK_THAT(lines[1], test::contains_text("AAMk"));
}

#include "src/cli/listed_line.h"

#include "src/cli/table.h"
#include "tests/support/catch.h"

#include <algorithm>

TEST_CASE("a difference says where a thing came from, within the columns", "[cli][listed_line]") {
  const std::string long_path(100, 'p');
  const jobs::Record moved{{"type", "difference"},
                           {"what", "moved"},
                           {"kind", "item"},
                           {"id", "AAMk="},
                           {"folder", "Inbox"},
                           {"from_folder", long_path},
                           {"matched_by", "content"},
                           {"subject", "about \x1b[2J"},
                           {"received", "2026-11-23T02:00:00Z"},
                           {"size", std::uint64_t{10}}};
  const std::vector<std::string> lines = cli::difference_lines(moved, 80, true);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].starts_with("  moved    2026-11-23 02:00"));
  CHECK_THAT(lines[1], test::contains_text("from ppp"));
  CHECK(lines[1].ends_with(" (same content, new id)"));
  CHECK_THAT(lines[2], test::contains_text("AAMk="));
  for (const std::string& line : lines) {
    CHECK(cli::width_of(line) <= 80);
    CHECK(line.find('\x1b') == std::string::npos);
  }
  const jobs::Record renamed{{"type", "difference"}, {"what", "renamed"},
                             {"kind", "folder"},     {"id", "f"},
                             {"folder", "Now"},      {"from_folder", "Then"}};
  CHECK(cli::difference_lines(renamed, 80, false) ==
        std::vector<std::string>{"  renamed  Now", "           from Then"});
}

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

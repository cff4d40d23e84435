#include "src/cli/table.h"

#include "src/cli/commands.h"
#include "src/cli/listed_line.h"
#include "tests/support/catch.h"

using cli::Table;

TEST_CASE("columns are aligned, whatever the letters", "[cli][table]") {
  Table table{{{"Name"}, {"Items", Table::Align::right}, {"State"}}};
  table.add({"Räksmörgås", "7", "complete"});
  table.add({"b", "1,234", ""});
  CHECK(table.lines(80) == std::vector<std::string>{"Name        Items  State",
                                                    "Räksmörgås      7  complete",
                                                    "b           1,234"});
}

TEST_CASE("only what may shrink is shortened to fit", "[cli][table]") {
  Table table{{{"Mailbox", Table::Align::left, true}, {"Id"}}};
  table.add({"a.very.long.address@contoso.example", "01jabcdefghijklmnopqrstuvw"});
  const auto lines = table.lines(40);
  CHECK(cli::width_of(lines[1]) == 40);
  CHECK(lines[1] == "a.very.long…  01jabcdefghijklmnopqrstuvw");
}

TEST_CASE("foreign text cannot break a table", "[cli][table]") {
  Table table{{{"Subject"}}};
  table.add({"two\nlines \x1b[31m\xFF"});
  CHECK(table.lines(80)[1] == "two lines  [31m\xEF\xBF\xBD");
}

TEST_CASE("shortening counts characters, not bytes", "[cli][table]") {
  CHECK(cli::shortened("åäö", 3) == "åäö");
  CHECK(cli::shortened("åäöü", 3) == "åä…");
  CHECK(cli::shortened("abc", 1) == "…");
  CHECK(cli::shortened("abc", 0).empty());
}

TEST_CASE("an item's line fits the terminal", "[cli]") {
  const jobs::Record item{{"type", "item"},
                          {"id", "AAMk"},
                          {"item_class", "IPM.Note"},
                          {"size", std::uint64_t{12'345}},
                          {"received", "2026-11-23T02:00:00Z"},
                          {"subject", std::string(200, 'x')},
                          {"from", "sender@contoso.example"},
                          {"from_name", "A Sender With A Rather Long Name Indeed"}};
  const auto lines = cli::listed_lines(item, 80, true);
  REQUIRE(lines.size() == 2);
  CHECK(cli::width_of(lines[0]) <= 80);
  CHECK_THAT(lines[0], test::contains_text("  2026-11-23 02:00    12.1 KiB  A Sender"));
  CHECK(lines[1] == "    AAMk");
  const jobs::Record folder{{"type", "folder"}, {"path", "Inbox/A"}, {"items", std::uint64_t{1}}};
  CHECK(cli::listed_lines(folder, 80, true) == std::vector<std::string>{"Inbox/A  1 item"});
}

TEST_CASE("counted things read well", "[cli]") {
  CHECK(cli::counted(1, "mailbox") == "1 mailbox");
  CHECK(cli::counted(1200, "mailbox") == "1,200 mailboxes");
  CHECK(cli::counted(0, "item") == "0 items");
}

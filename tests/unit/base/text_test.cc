#include "src/base/text.h"

#include "tests/support/catch.h"

#include <limits>
#include <string>
#include <vector>

TEST_CASE("text joins its arguments", "[base][text]") {
  CHECK(base::text("pack ", std::string{"p"}, " has ", 3, " records") == "pack p has 3 records");
  CHECK(base::text().empty());
}

TEST_CASE("split gives a part more than there are separators", "[base][text]") {
  using Parts = std::vector<std::string>;
  CHECK(base::split("a,b", ',') == Parts{"a", "b"});
  CHECK(base::split(",a,,", ',') == Parts{"", "a", "", ""});
  CHECK(base::split("", ',') == Parts{""});
}

TEST_CASE("trim takes white space off both ends", "[base][text]") {
  CHECK(base::trim(" \t\r\na b\v\f ") == "a b");
  CHECK(base::trim("a") == "a");
  CHECK(base::trim(" \n").empty());
  CHECK(base::trim("").empty());
}

TEST_CASE("case is that of ASCII letters", "[base][text]") {
  CHECK(base::to_lower("AbZ[@Ä") == "abz[@Ä");
  CHECK(base::equals_ignoring_case("Retry-After", "retry-aFTER"));
  CHECK_FALSE(base::equals_ignoring_case("a", "ab"));
  CHECK_FALSE(base::equals_ignoring_case("[", "{"));
}

TEST_CASE("percent encoding", "[base][text]") {
  CHECK(base::percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(base::percent_encode("a b/c?=%+ä") == "a%20b%2Fc%3F%3D%25%2B%C3%A4");
  CHECK(base::percent_decode("a%20b%2fc%C3%a4+") == "a b/cä+");
  CHECK(base::percent_decode("") == "");
  const std::string_view broken = GENERATE(as<std::string_view>{}, "%", "a%2", "%zz", "%2g", "%-1");
  CAPTURE(broken);
  CHECK_FALSE(base::percent_decode(broken));
}

TEST_CASE("globs", "[base][text]") {
  struct Row {
    std::string_view text;
    std::string_view pattern;
    bool matches;
  };
  const std::vector<Row> table{
      {"anna@contoso.com", "*", true},
      {"anna@contoso.com", "*@contoso.com", true},
      {"anna@contoso.com", "*@CONTOSO.com", true},
      {"anna@fabrikam.com", "*@contoso.com", false},
      {"svc-mail@contoso.com", "svc-*@contoso.com", true},
      {"svc@contoso.com", "svc-*@contoso.com", false},
      {"", "", true},
      {"", "*", true},
      {"", "**", true},
      {"", "?", false},
      {"a", "", false},
      {"abc", "a?c", true},
      {"ac", "a?c", false},
      {"abc", "a*b", false},
      {"aab", "*ab", true},
      {"abababac", "*abac", true},
      {"mississippi", "m*iss*pi", true},
      {"mississippi", "m*iss*pis", false},
      {"a.c", "a.c", true},
      {"abc", "a.c", false},
      {"[a]", "[a]", true},
  };
  for (const Row& row : table) {
    CAPTURE(row.text, row.pattern);
    CHECK(base::matches_glob(row.text, row.pattern) == row.matches);
  }
}

TEST_CASE("a hostile glob ends", "[base][text]") {
  const std::string text(5000, 'a');
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  CHECK(base::matches_glob(text, pattern));
  CHECK_FALSE(base::matches_glob(text, pattern + "b"));
}

TEST_CASE("printable text", "[base][text]") {
  struct Row {
    std::string_view name;
    std::string_view foreign;
    std::string_view shown;
  };
  const std::vector<Row> table{
      {"plain", "Räksmörgås 🥪", "Räksmörgås 🥪"},
      {"terminal escape", "a\x1b[31mb", "a [31mb"},
      {"line ends", "a\r\nb\tc", "a  b c"},
      {"NUL and DEL", std::string_view{"a\0b\x7f", 4}, "a b "},
      {"C1 control",
       "a\xc2\x9b"
       "b",
       "a b"},
      {"right-to-left override",
       "a\xe2\x80\xae"
       "b",
       "a b"},
      {"line separator",
       "a\xe2\x80\xa8"
       "b",
       "a b"},
      {"lone continuation",
       "a\x80"
       "b",
       "a\uFFFDb"},
      {"overlong slash", "\xc0\xaf", "\uFFFD\uFFFD"},
      {"overlong three bytes", "\xe0\x80\xaf", "\uFFFD\uFFFD\uFFFD"},
      {"surrogate", "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
      {"above the last code point", "\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"last code point", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
      {"cut sequence", "\xe2\x82", "\uFFFD"},
      {"cut sequence in the middle",
       "\xf0\x9f\x98"
       "b",
       "\uFFFDb"},
      {"Latin-1", "caf\xe9 x", "caf\uFFFD x"},
  };
  for (const Row& row : table) {
    CAPTURE(row.name);
    CHECK(base::printable(row.foreign) == row.shown);
  }
}

TEST_CASE("sizes for people", "[base][text]") {
  CHECK(base::human_bytes(0) == "0 B");
  CHECK(base::human_bytes(1023) == "1023 B");
  CHECK(base::human_bytes(1024) == "1.0 KiB");
  CHECK(base::human_bytes(1536) == "1.5 KiB");
  CHECK(base::human_bytes(1024 * 1024 - 1) == "1.0 MiB");
  CHECK(base::human_bytes(std::uint64_t{3} << 29) == "1.5 GiB");
  CHECK(base::human_bytes(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
}

TEST_CASE("a slip of the hand finds the nearest name", "[base][text]") {
  const std::vector<std::string> known{"passphrase_file", "parity", "minimum_age", "url", "index"};
  CHECK(base::nearest("pasphrase_file", known) == "passphrase_file");
  CHECK(base::nearest("passphrase-file", known) == "passphrase_file");
  CHECK(base::nearest("Parity", known) == "parity");
  CHECK(base::nearest("praity", known) == "parity");
  CHECK(base::nearest("ulr", known) == "url");
  CHECK_FALSE(base::nearest("retention", known));
  CHECK_FALSE(base::nearest("x", known));
  CHECK_FALSE(base::nearest("", known));
  CHECK_FALSE(base::nearest("url", {}));
}

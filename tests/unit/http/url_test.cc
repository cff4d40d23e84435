#include "src/http/url.h"

#include "tests/support/catch.h"

#include <string>

TEST_CASE("a plain URL is taken apart into one canonical spelling", "[http]") {
  struct Row {
    const char* name;
    const char* url;
    const char* origin;
    const char* target;
  };
  const Row row = GENERATE(values<Row>({
      {"usual", "https://graph.microsoft.com/v1.0/users?$top=5", "https://graph.microsoft.com",
       "/v1.0/users?$top=5"},
      {"no path", "https://h", "https://h", "/"},
      {"no path, query", "https://h?a=b", "https://h", "/?a=b"},
      {"case of scheme and host", "HTTPS://Graph.Microsoft.COM/A", "https://graph.microsoft.com",
       "/A"},
      {"trailing dot", "https://graph.microsoft.com./", "https://graph.microsoft.com", "/"},
      {"usual port spelled out", "https://h:443/", "https://h", "/"},
      {"other port", "https://h:8443/", "https://h:8443", "/"},
      {"address", "http://127.0.0.1:80/", "http://127.0.0.1", "/"},
      {"IPv6", "https://[2001:DB8:0::1]:8443/", "https://[2001:db8::1]:8443", "/"},
      {"at sign in the path", "https://h/MBX:1@2('x')/a", "https://h", "/MBX:1@2('x')/a"},
  }));
  CAPTURE(row.name);
  const auto url = http::parse_url(row.url);
  REQUIRE(url);
  CHECK(url->origin.text() == row.origin);
  CHECK(url->target == row.target);
}

TEST_CASE("what could be read in two ways is no URL", "[http]") {
  const auto [name, url] = GENERATE(table<const char*, const char*>({
      {"empty", ""},
      {"relative", "/v1.0/users"},
      {"other scheme", "ftp://h/"},
      {"file", "file:///etc/passwd"},
      {"no scheme", "//h/"},
      {"user name", "https://graph.microsoft.com@evil.example/"},
      {"user and password", "https://a:b@h/"},
      {"backslash before the host", "https:\\\\h/"},
      {"backslash after the host", "https://evil.example\\@graph.microsoft.com/"},
      {"fragment", "https://h/#@graph.microsoft.com/"},
      {"fragment right after the host", "https://evil.example#.graph.microsoft.com/"},
      {"blank in the host", "https://h h/"},
      {"line feed in the path", "https://h/a\nb"},
      {"blank in the path", "https://h/a b"},
      {"escaped host", "https://graph%2emicrosoft.com/"},
      {"non-ASCII host", "https://gr\xc3\xa4ph.example/"},
      {"non-ASCII path", "https://h/\xc3\xa4"},
      {"empty host", "https:///path"},
      {"empty label", "https://a..b/"},
      {"leading dot", "https://.h/"},
      {"port zero", "https://h:0/"},
      {"port too large", "https://h:65536/"},
      {"port not a number", "https://h:44x/"},
      {"port empty", "https://h:/"},
      {"short numeric address", "https://127.1/"},
      {"hexadecimal address", "https://0x7f000001/"},
      {"hexadecimal last part", "https://127.0.0.0x1/"},
      {"decimal address", "https://2130706433/"},
      {"octal address", "https://0177.0.0.1/"},
      {"IPv6 unclosed", "https://[::1/"},
      {"IPv6 with zone", "https://[fe80::1%25eth0]/"},
      {"IPv6 with rubbish", "https://[::1]x/"},
  }));
  CAPTURE(name);
  CHECK_FALSE(http::parse_url(url));
}

TEST_CASE("a NUL inside an address is refused", "[http]") {
  using namespace std::string_literals;
  CHECK_FALSE(http::parse_url("https://[::1\0]/"s));
  CHECK_FALSE(http::parse_url("https://h\0.evil.example/"s));
}

TEST_CASE("loopback is known by its names only", "[http]") {
  const auto [url, expected] = GENERATE(table<const char*, bool>({
      {"http://localhost/", true},
      {"http://LOCALHOST./", true},
      {"http://127.0.0.1:99/", true},
      {"http://127.255.0.3/", true},
      {"http://[::1]/", true},
      {"http://[0:0:0:0:0:0:0:1]/", true},
      {"http://127.0.0.1.evil.example/", false},
      {"http://localhost.evil.example/", false},
      {"http://10.0.0.1/", false},
      {"http://[::ffff:127.0.0.1]/", false},
  }));
  CAPTURE(url);
  const auto parsed = http::parse_url(url);
  REQUIRE(parsed);
  CHECK(parsed->origin.is_loopback() == expected);
}

TEST_CASE("where a URL leads is shown without what may be secret", "[http][security]") {
  const auto [url, shown] = GENERATE(table<const char*, const char*>({
      {"HTTPS://Evil.example:443/import?token=secret", "https://evil.example"},
      {"http://evil.example:81?token=secret", "http://evil.example:81"},
      {"https://good.example@evil.example/import?token=secret", "no usable URL (evil.example)"},
      {"//evil.example/import?token=secret", "no usable URL (//evil.example)"},
      {"https://evil.example\r\n?token=secret", "no usable URL (https://evil.example"},
      {"https://user:secret@evil.example/import", "no usable URL (evil.example)"},
      {"https://evil.example#secret", "no usable URL (https://evil.example)"},
      {R"(https://evil.example\@good.example/)", "no usable URL (https://evil.example)"},
      {"import?next=//secret", "no usable URL (import)"},
      {"", "no usable URL ()"},
  }));
  CHECK_THAT(http::shown_origin(url), test::contains_text(shown));
  CHECK_THAT(http::shown_origin(url), !test::contains_text("secret") && !test::contains_text("\n"));
}

TEST_CASE("a URL for the log has no query", "[http]") {
  const auto url = http::parse_url("https://h:1/importItem?authtoken=secret");
  REQUIRE(url);
  CHECK(url->without_query() == "https://h:1/importItem");
}

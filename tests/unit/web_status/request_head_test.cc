#include "web-status/request_head.h"

#include "src/base/text.h"
#include "tests/support/catch.h"

#include <string>
#include <variant>
#include <vector>

namespace {

using namespace std::string_literals;

int refused_with(std::string_view head) {
  const auto parsed = web::parse_head(head, {});
  const auto* refusal = std::get_if<web::Refusal>(&parsed);
  return refusal == nullptr ? 200 : refusal->status;
}

web::RequestHead accepted(std::string_view head) {
  return std::get<web::RequestHead>(web::parse_head(head, {}));
}

}  // namespace

TEST_CASE("what two servers may read in two ways is refused", "[web][http]") {
  struct Row {
    std::string name, head;
    int status;
  };
  const std::string host = "Host: localhost\r\n";
  const Row row = GENERATE_COPY(values<Row>({
      {"as it should be", "GET / HTTP/1.1\r\n" + host + "\r\n", 200},
      {"length and chunks",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"chunks and length",
       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
       400},
      {"chunks", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n", 411},
      {"unknown coding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n", 411},
      {"two lengths",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n", 400},
      {"the same length twice",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 4\r\nContent-Length: 4\r\n\r\n", 400},
      {"lengths in a list", "POST / HTTP/1.1\r\n" + host + "Content-Length: 4, 4\r\n\r\n", 400},
      {"length with a sign", "POST / HTTP/1.1\r\n" + host + "Content-Length: +4\r\n\r\n", 400},
      {"negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -4\r\n\r\n", 400},
      {"hexadecimal length", "POST / HTTP/1.1\r\n" + host + "Content-Length: 0x4\r\n\r\n", 400},
      {"endless length",
       "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"long body", "POST / HTTP/1.1\r\n" + host + "Content-Length: 65537\r\n\r\n", 413},
      {"longest body", "POST / HTTP/1.1\r\n" + host + "Content-Length: 65536\r\n\r\n", 200},
      {"GET with a body", "GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\n", 400},
      {"bare line feed", "GET / HTTP/1.1\n" + host + "\r\n", 400},
      {"bare line feed inside", "GET / HTTP/1.1\r\nA: b\nC: d\r\n" + host + "\r\n", 400},
      {"bare carriage return", "GET / HTTP/1.1\r\nA: b\rC: d\r\n" + host + "\r\n", 400},
      {"NUL in the target", "GET /\0a HTTP/1.1\r\n"s + host + "\r\n", 400},
      {"NUL in a header", "GET / HTTP/1.1\r\nA: \0\r\n"s + host + "\r\n", 400},
      {"folded header", "GET / HTTP/1.1\r\n" + host + "A: b\r\n c\r\n\r\n", 400},
      {"folded first header", "GET / HTTP/1.1\r\n " + host + "\r\n", 400},
      {"space before the colon", "GET / HTTP/1.1\r\n" + host + "A : b\r\n\r\n", 400},
      {"header without a colon", "GET / HTTP/1.1\r\n" + host + "A\r\n\r\n", 400},
      {"header without a name", "GET / HTTP/1.1\r\n" + host + ": a\r\n\r\n", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"URL of this host", "GET http://localhost/a HTTP/1.1\r\n" + host + "\r\n", 200},
      {"URL of another host", "GET http://other/a HTTP/1.1\r\n" + host + "\r\n", 400},
      {"URL with a user", "GET http://a@localhost/ HTTP/1.1\r\n" + host + "\r\n", 400},
      {"authority", "CONNECT localhost:80 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"asterisk", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 400},
      {"HTTP/1.0", "GET / HTTP/1.0\r\n" + host + "\r\n", 505},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n", 505},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"strange version", "GET / HTTP/1.11\r\n" + host + "\r\n", 505},
      {"small letters", "GET / http/1.1\r\n" + host + "\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"tab", "GET\t/ HTTP/1.1\r\n" + host + "\r\n", 400},
      {"space in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"empty line first", "\r\nGET / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"waits to be asked", "POST / HTTP/1.1\r\n" + host + "Expect: 100-continue\r\n\r\n", 417},
      {"broken escape", "GET /%zz HTTP/1.1\r\n" + host + "\r\n", 400},
      {"escaped NUL", "GET /%00 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"escaped line end", "GET /?a=%0d%0a HTTP/1.1\r\n" + host + "\r\n", 400},
      {"escaped nonsense", "GET /%ff HTTP/1.1\r\n" + host + "\r\n", 400},
      {"up", "GET /a/../b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"escaped up", "GET /a/%2e%2e/b HTTP/1.1\r\n" + host + "\r\n", 400},
  }));
  CAPTURE(row.name);
  CHECK(refused_with(row.head) == row.status);
}

TEST_CASE("there may be so many headers and no more", "[web][http]") {
  const auto head_with = [](std::size_t headers) {
    std::string head = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    for (std::size_t i = 1; i < headers; ++i) head += base::text("X-", i, ": a\r\n");
    return head + "\r\n";
  };
  const web::HttpLimits limits;
  CHECK(refused_with(head_with(limits.headers)) == 200);
  CHECK(refused_with(head_with(limits.headers + 1)) == 431);
}

TEST_CASE("a head is taken apart", "[web][http]") {
  const web::RequestHead head = accepted(
      "PUT /api/v1/a%2Fb/%C3%A4?x=1+2&y=%2B&z&w= HTTP/1.1\r\nHOST: a:1\r\nContent-Length: 7\r\n"
      "X-Some: \t thing \r\nConnection: close\r\n\r\n");
  CHECK(head.method == "PUT");
  CHECK(head.target.segments == std::vector<std::string>{"api", "v1", "a/b", "ä"});
  using Parameters = decltype(head.target.parameters);
  CHECK(head.target.parameters == Parameters{{"x", "1 2"}, {"y", "+"}, {"z", ""}, {"w", ""}});
  CHECK(head.headers.at(0) == std::pair<std::string, std::string>{"host", "a:1"});
  CHECK(head.headers.at(2) == std::pair<std::string, std::string>{"x-some", "thing"});
  CHECK(head.body_bytes == 7);
  CHECK_FALSE(head.keep_alive);
}

TEST_CASE("the end of a head is found, however it arrives", "[web][http]") {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string whole = head + "body\n";
  for (std::size_t first = 0; first <= whole.size(); ++first) {
    CAPTURE(first);
    const web::HeadEnd early = web::find_head_end(std::string_view{whole}.substr(0, first), 0);
    CHECK_FALSE(early.is_broken);
    CHECK(early.size_bytes == (first >= head.size() ? head.size() : 0));
    if (early.size_bytes == 0) CHECK(web::find_head_end(whole, first).size_bytes == head.size());
  }
  CHECK(web::find_head_end("GET / HTTP/1.1\nHost", 0).is_broken);
  CHECK(web::find_head_end("\nGET", 0).is_broken);
}

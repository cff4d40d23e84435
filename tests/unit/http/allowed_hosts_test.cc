#include "src/http/allowed_hosts.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/scripted_transport.h"

namespace {

http::AllowedHosts usual_hosts() {
  http::AllowedHosts hosts;
  hosts.add_origin("https://login.microsoftonline.com");
  hosts.add_origin("https://graph.microsoft.com/v1.0");
  hosts.add_origin("http://127.0.0.1:8080/v1.0");
  hosts.add_host("outlook.office365.com");
  hosts.add_host("import.example:8443");
  hosts.add_host("[2001:db8::1]");
  hosts.add_host("localhost");
  return hosts;
}

class NoSink final : public http::BodySink {
 public:
  void on_head(const http::ResponseHead&) override {}
  void on_body(base::ByteView) override {}
};

}  // namespace

TEST_CASE("only the hosts that the configuration names are allowed", "[http][security]") {
  const auto [name, url, expected] = GENERATE(table<const char*, const char*, bool>({
      {"login", "https://login.microsoftonline.com/t/oauth2/v2.0/token", true},
      {"graph", "https://graph.microsoft.com/v1.0/users", true},
      {"graph in capitals with a dot", "https://GRAPH.microsoft.com./v1.0/", true},
      {"graph on another port", "https://graph.microsoft.com:8443/", false},
      {"graph unencrypted", "http://graph.microsoft.com/", false},
      {"a host below graph", "https://x.graph.microsoft.com/", false},
      {"graph as a prefix", "https://graph.microsoft.com.evil.example/", false},
      {"graph as user name", "https://graph.microsoft.com@evil.example/", false},
      {"graph behind a fragment", "https://evil.example/#graph.microsoft.com", false},
      {"graph in the path", "https://evil.example/graph.microsoft.com", false},
      {"import host", "https://outlook.office365.com/api?t=1", true},
      {"import host, any port", "https://outlook.office365.com:444/", true},
      {"import host unencrypted", "http://outlook.office365.com/", false},
      {"import host with its port", "https://import.example:8443/", true},
      {"import host without its port", "https://import.example/", false},
      {"IPv6 in another spelling", "https://[2001:DB8:0:0::1]:9/", true},
      {"loopback origin", "http://127.0.0.1:8080/x", true},
      {"loopback, another port", "http://127.0.0.1:8081/x", false},
      {"loopback, other spelling", "http://2130706433:8080/x", false},
      {"loopback host unencrypted", "http://localhost:5/x", true},
      {"foreign", "https://evil.example/", false},
      {"not a URL", "graph.microsoft.com", false},
  }));
  CAPTURE(name);
  CHECK(usual_hosts().refusal(url).has_value() == !expected);
}

TEST_CASE("a refusal names the host", "[http][security]") {
  const auto refusal = usual_hosts().refusal("https://evil.example:99/path?token=secret");
  REQUIRE(refusal);
  CHECK_THAT(*refusal, test::contains_text("https://evil.example:99"));
  CHECK_THAT(*refusal, !test::contains_text("secret"));
}

TEST_CASE("settings that name no usable host are refused", "[http][security]") {
  http::AllowedHosts hosts;
  CHECK_THROWS_AS(hosts.add_origin("http://graph.microsoft.com"), base::Error);
  CHECK_THROWS_AS(hosts.add_origin("graph.microsoft.com"), base::Error);
  CHECK_THROWS_AS(hosts.add_host("https://h"), base::Error);
  CHECK_THROWS_AS(hosts.add_host("h/path"), base::Error);
  CHECK_THROWS_AS(hosts.add_host("h:"), base::Error);
  CHECK_THROWS_AS(hosts.add_host("*"), base::Error);
  CHECK_THROWS_AS(hosts.add_host(""), base::Error);
}

TEST_CASE("nothing reaches the next transport for a foreign host", "[http][security]") {
  test::ScriptedTransport next;
  next.answer({.status = 204});
  http::GuardedTransport guarded{next, usual_hosts()};
  NoSink sink;
  try {
    guarded.perform({.url = "https://evil.example/"}, sink, {});
    FAIL("it was sent");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::denied);
  }
  CHECK(next.requests().empty());
  CHECK(guarded.perform({.url = "https://graph.microsoft.com/v1.0/me"}, sink, {}).head.status ==
        204);
}

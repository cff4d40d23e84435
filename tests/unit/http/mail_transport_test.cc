#include "src/http/mail_transport.h"

#include "src/base/error.h"
#include "tests/support/catch.h"

TEST_CASE("a mail server's URL is read strictly", "[http][mail]") {
  using http::MailSecurity;
  struct Row {
    const char* url;
    const char* text;
    const char* user;
    MailSecurity security;
  };
  for (const Row& row : std::vector<Row>{
           {"smtp://mail.example", "smtp://mail.example:25", "", MailSecurity::starttls},
           {"smtp://me@mail.example", "smtp://mail.example:587", "me", MailSecurity::starttls},
           {"smtp://me@Mail.Example:2525/", "smtp://mail.example:2525", "me",
            MailSecurity::starttls},
           {"smtps://me%40contoso.example@mail.example", "smtps://mail.example:465",
            "me@contoso.example", MailSecurity::tls},
           {"smtps://me@contoso.example@mail.example", "smtps://mail.example:465",
            "me@contoso.example", MailSecurity::tls},
           {"smtp://127.0.0.1", "smtp://127.0.0.1:25", "", MailSecurity::none},
           {"smtp://localhost:1025", "smtp://localhost:1025", "", MailSecurity::none},
           {"smtps://[::1]:1025", "smtps://[::1]:1025", "", MailSecurity::tls}}) {
    CAPTURE(row.url);
    const auto server = http::parse_mail_server(row.url);
    REQUIRE(server);
    CHECK(server->text() == row.text);
    CHECK(server->user == row.user);
    CHECK(server->security == row.security);
  }
  for (const char* url :
       {"", "mail.example", "http://mail.example", "smtp://", "smtp://@mail.example",
        "smtp://me:secret@mail.example", "smtp://:@mail.example", "smtp://me@", "smtp://a b",
        "smtp://mail.example/path", "smtp://mail.example?x", "smtp://mail.example:0",
        "smtp://me%0d%0aRSET@mail.example", "smtp://me%zz@mail.example", "smtp://127.1"}) {
    CAPTURE(url);
    CHECK_FALSE(http::parse_mail_server(url));
  }
}

TEST_CASE("a mail address is one that ends no header and no command", "[http][mail]") {
  for (const char* address :
       {"a@b", "first.last+tag@contoso.example", "o'hara@x-y.example", "root@localhost", "a@1.2"}) {
    CAPTURE(address);
    CHECK(http::is_mail_address(address));
  }
  for (const char* address : {"",          "a",
                              "@b",        "a@",
                              "a@b@c",     "a b@c",
                              "a@b c",     "a@b\r\nRCPT TO:<x@y>",
                              "a\n@b",     "<a@b>",
                              "a@b>",      "a,b@c",
                              "\"a b\"@c", "a@[127.0.0.1]",
                              ".a@b",      "a.@b",
                              "a..b@c",    "a@b.",
                              "a@.b",      "ä@b",
                              "a@ä"}) {
    CAPTURE(address);
    CHECK_FALSE(http::is_mail_address(address));
  }
  CHECK_FALSE(http::is_mail_address(std::string(65, 'a') + "@b"));
  CHECK_FALSE(http::is_mail_address("a@" + std::string(260, 'b')));
}

TEST_CASE("a mail transport tells what keeps it, and asks no plain server elsewhere",
          "[http][mail]") {
  const auto transport = http::make_curl_mail_transport({}, std::chrono::seconds{5});
  const http::Mail mail{"a@b", "c@d", "Subject: x\r\n\r\n"};
  const http::MailServer elsewhere{"mail.example", 25, http::MailSecurity::none, ""};
  CHECK(transport->send(elsewhere, {}, mail, {}) ==
        "smtp://mail.example:25 is neither encrypted nor loopback");
  const http::MailServer nobody{"127.0.0.1", 1, http::MailSecurity::none, ""};
  CHECK_THAT(transport->send(nobody, {}, mail, {}),
             Catch::Matchers::StartsWith("smtp://127.0.0.1:1: "));
  CHECK(transport->send(nobody, {}, {"a@b", "c@d\r\nx", ""}, {}) == "not a mail address");
  CHECK_THROWS_AS(http::make_curl_mail_transport({.ca_file = "/nowhere.pem"}), base::Error);
}

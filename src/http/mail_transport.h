// Handing a mail to a mail server, by SMTP. A transport moves bytes and judges nothing.
#pragma once

#include "src/base/clock.h"
#include "src/base/secret.h"
#include "src/http/curl_transport.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace http {

enum class MailSecurity : std::uint8_t {
  tls,       // from the first byte: smtps
  starttls,  // before anything is told: a server without it is refused
  none,      // to this machine only
};

struct MailServer {
  std::string host;  // as Origin has it
  std::uint16_t port = 0;
  MailSecurity security = MailSecurity::starttls;
  std::string user;  // empty: without authentication

  // Whether it is this machine by name or address.
  [[nodiscard]] bool is_loopback() const;
  // "smtps://mail.example:465", never with the user.
  [[nodiscard]] std::string text() const;
};

// "smtp://host", "smtp://user@host:587", "smtps://user%40contoso.com@host". Without a port: 587
// where a user is named, else 25; 465 for smtps. STARTTLS is asked for unless the host is this
// machine. Empty for anything else, and for a URL that holds a password, which belongs into a file.
std::optional<MailServer> parse_mail_server(std::string_view url);

// Whether it is a plain address (RFC 5321, 4.1.2, without quoted strings, address literals and
// SMTPUTF8): nothing in it can end a header or a command.
bool is_mail_address(std::string_view text);

struct Mail {
  std::string from;  // addresses as is_mail_address() takes them
  std::string to;
  std::string text;  // RFC 5322, lines ended by CRLF
};

// Thread-safe: any number of callers, each blocked until its own mail is taken or refused.
class MailTransport {
 public:
  virtual ~MailTransport() = default;

  // Empty once the server has taken the mail, else what kept it from it, without secrets. Never
  // throws for what the network does.
  virtual std::string send(const MailServer& server, const base::Secret& password, const Mail& mail,
                           std::stop_token stop) = 0;
};

// libcurl: TLS 1.2 or newer, always verified; no proxy. `limit` bounds the whole exchange.
// Error(usage) if the CA file cannot be read.
std::unique_ptr<MailTransport> make_curl_mail_transport(CurlSettings settings,
                                                        base::Duration limit = std::chrono::minutes{
                                                            1});

}  // namespace http

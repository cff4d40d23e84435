#include "src/http/mail_transport.h"

#include "src/base/text.h"
#include "src/http/url.h"

#include <algorithm>

namespace http {
namespace {

constexpr std::uint16_t kRelayPort = 25;
constexpr std::uint16_t kSubmissionPort = 587;
constexpr std::uint16_t kTlsPort = 465;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// RFC 5322, 3.2.3.
bool is_atom_character(char c) {
  return is_letter_or_digit(c) ||
         std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}

// Parts of such characters, with a dot between them.
template <typename IsCharacter>
bool is_dotted(std::string_view text, IsCharacter is_character) {
  const std::vector<std::string> parts = base::split(text, '.');
  return std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), is_character);
  });
}

bool is_user_character(char c) {
  const auto value = static_cast<unsigned char>(c);
  return value >= 0x20 && value != 0x7f;
}

std::uint16_t usual_port(const MailServer& server) {
  if (server.security == MailSecurity::tls) return kTlsPort;
  return server.user.empty() ? kRelayPort : kSubmissionPort;
}

}  // namespace

bool MailServer::is_loopback() const { return Origin{"smtp", host, port}.is_loopback(); }

std::string MailServer::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return base::text(security == MailSecurity::tls ? "smtps://" : "smtp://", v6 ? "[" : "", host,
                    v6 ? "]" : "", ":", port);
}

std::optional<MailServer> parse_mail_server(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string scheme = base::to_lower(url.substr(0, colon));
  if (scheme != "smtp" && scheme != "smtps") return std::nullopt;
  std::string_view authority = url.substr(colon + 3);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  MailServer server;
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view written = authority.substr(0, at);
    // A colon would be followed by a password.
    const auto user = base::percent_decode(written);
    if (!user || user->empty() || written.find(':') != std::string_view::npos) return std::nullopt;
    if (!std::all_of(user->begin(), user->end(), is_user_character)) return std::nullopt;
    server.user = *user;
    authority.remove_prefix(at + 1);
  }
  const auto place = parse_host_and_port(authority);
  if (!place) return std::nullopt;
  server.host = place->host;
  server.security = scheme == "smtps"      ? MailSecurity::tls
                    : server.is_loopback() ? MailSecurity::none
                                           : MailSecurity::starttls;
  server.port = place->port.value_or(usual_port(server));
  return server;
}

bool is_mail_address(std::string_view text) {
  constexpr std::size_t kMostBytes = 254;
  constexpr std::size_t kMostLocalBytes = 64;
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || text.size() > kMostBytes || at > kMostLocalBytes) {
    return false;
  }
  const auto is_domain_character = [](char c) { return is_letter_or_digit(c) || c == '-'; };
  return is_dotted(text.substr(0, at), is_atom_character) &&
         is_dotted(text.substr(at + 1), is_domain_character);
}

}  // namespace http

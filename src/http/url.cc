#include "src/http/url.h"

#include "src/base/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (value == 0 || value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

// Resolvers take "127.1", "0x7f.0.0.1" or "2130706433" for addresses. Only the four-part decimal
// form is let through, so that one address has one spelling.
bool looks_numeric(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  return std::all_of(last.begin(), last.end(), is_digit) || last.starts_with("0x");
}

bool is_canonical_ipv4(const std::string& host) {
  in_addr address{};
  char again[INET_ADDRSTRLEN] = {};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 &&
         inet_ntop(AF_INET, &address, again, sizeof again) != nullptr && host == again;
}

std::optional<std::string> parse_name(std::string_view text) {
  std::string host = base::to_lower(text);
  if (host.ends_with('.')) host.pop_back();
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-') return {};
  if (!std::all_of(host.begin(), host.end(), is_host_character)) return {};
  if (host.ends_with('.') || host.find("..") != std::string::npos) return {};
  if (looks_numeric(host) && !is_canonical_ipv4(host)) return {};
  return host;
}

// One spelling for one address.
std::optional<std::string> parse_ipv6(std::string_view text) {
  in6_addr address{};
  char again[INET6_ADDRSTRLEN] = {};
  const std::string copy{text};
  if (copy.find('\0') != std::string::npos || inet_pton(AF_INET6, copy.c_str(), &address) != 1)
    return {};
  if (inet_ntop(AF_INET6, &address, again, sizeof again) == nullptr) return {};
  return std::string{again};
}

bool is_target_character(char c) {
  const auto value = static_cast<unsigned char>(c);
  return value > 0x20 && value < 0x7f && c != '\\' && c != '#' && c != '"' && c != '<' && c != '>';
}

}  // namespace

bool Origin::is_loopback() const {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && is_canonical_ipv4(host));
}

std::string Origin::text() const {
  const bool usual = port == (scheme == "https" ? 443 : 80);
  const bool v6 = host.find(':') != std::string::npos;
  std::string result = base::text(scheme, "://", v6 ? "[" : "", host, v6 ? "]" : "");
  if (!usual) result += base::text(":", port);
  return result;
}

std::string Url::without_query() const {
  return origin.text() + target.substr(0, target.find('?'));
}

std::optional<HostAndPort> parse_host_and_port(std::string_view text) {
  HostAndPort result;
  std::string_view rest;
  std::optional<std::string> host;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = parse_ipv6(text.substr(1, close - 1));
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = parse_name(text.substr(0, colon));
    rest = text.substr(colon);
  }
  if (!host) return std::nullopt;
  result.host = std::move(*host);
  if (rest.empty()) return result;
  if (!rest.starts_with(':')) return std::nullopt;
  result.port = parse_port(rest.substr(1));
  if (!result.port) return std::nullopt;
  return result;
}

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  url.origin.scheme = base::to_lower(text.substr(0, colon));
  if (url.origin.scheme != "http" && url.origin.scheme != "https") return std::nullopt;
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  auto authority = parse_host_and_port(rest.substr(0, end));
  if (!authority) return std::nullopt;
  url.origin.host = std::move(authority->host);
  url.origin.port = authority->port.value_or(url.origin.scheme == "https" ? 443 : 80);
  url.target = rest.substr(end);
  if (!std::all_of(url.target.begin(), url.target.end(), is_target_character)) return std::nullopt;
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::string shown_origin(std::string_view url) {
  if (const auto parsed = parse_url(url)) return parsed->origin.text();
  constexpr std::size_t kLongestScheme = 8;
  constexpr std::size_t kLongestShown = 200;
  const std::size_t slashes = url.substr(0, kLongestScheme).find("//");
  const std::size_t begin = slashes == std::string_view::npos ? 0 : slashes + 2;
  std::string_view shown = url.substr(0, url.find_first_of("/\\?#", begin));
  if (const auto user = shown.rfind('@'); user != std::string_view::npos) {
    shown.remove_prefix(user + 1);
  }
  return base::text("no usable URL (", base::printable(shown.substr(0, kLongestShown)), ")");
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace http

// Absolute http and https URLs, taken apart strictly. What could be read in two ways is refused:
// whoever checks a host and whoever connects to it must never disagree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace http {

struct Origin {
  std::string scheme;      // "http" or "https"
  std::string host;        // lower case, no trailing dot; IPv6 without brackets
  std::uint16_t port = 0;  // the scheme's own where the URL names none

  bool operator==(const Origin&) const = default;
  // Whether it is this machine by name or address: localhost, 127.0.0.0/8, ::1.
  [[nodiscard]] bool is_loopback() const;
  // "https://graph.microsoft.com", with the port where it is not the scheme's own.
  [[nodiscard]] std::string text() const;
};

struct Url {
  Origin origin;
  std::string target;  // path and query, at least "/"

  // The whole URL without its query, which may hold tokens: for logs and messages.
  [[nodiscard]] std::string without_query() const;
};

// Empty for anything but a plain absolute http or https URL: user names, fragments, backslashes,
// blanks, controls, non-ASCII, escaped or empty hosts, unusual spellings of numeric addresses,
// ports out of range.
std::optional<Url> parse_url(std::string_view text);

// Where a URL leads, for messages: its origin. Of what is no plain URL, as much as may be shown:
// its query may be a secret.
std::string shown_origin(std::string_view url);

// Without slashes at its end, so that a path can follow.
std::string without_slash(std::string url);

struct HostAndPort {
  std::string host;                   // as in Origin
  std::optional<std::uint16_t> port;  // empty: any
};
// "host", "host:port", "[v6]", "[v6]:port"; the same strictness.
std::optional<HostAndPort> parse_host_and_port(std::string_view text);

}  // namespace http

// IP addresses as texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace web {

// In its usual spelling, an IPv4 address inside an IPv6 one as the former. Empty for what is none.
std::optional<std::string> normalized_address(std::string_view text);

// `address` is a normalized one: of other texts, such as names, it says nothing.
bool is_loopback(std::string_view address);

// Those who count as one when limits are kept: an IPv4 address, or the 64 bits of an IPv6 one that
// name its network, as whoever has one address of it has all of them.
std::string peer_group(std::string_view address);

}  // namespace web

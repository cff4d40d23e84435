#include "web-status/network_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <sys/socket.h>

namespace web {

namespace {

std::string text_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  return inet_ntop(family, address, buffer.data(), buffer.size());
}

}  // namespace

std::optional<std::string> normalized_address(std::string_view text) {
  const std::string terminated{text};
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return text_of(AF_INET, &v4);
  in6_addr v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), &v6) != 1) return std::nullopt;
  const bool is_mapped = std::all_of(v6.s6_addr, v6.s6_addr + 10, [](auto b) { return b == 0; }) &&
                         v6.s6_addr[10] == 0xff && v6.s6_addr[11] == 0xff;
  return is_mapped ? text_of(AF_INET, v6.s6_addr + 12) : text_of(AF_INET6, &v6);
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

std::string peer_group(std::string_view address) {
  in6_addr v6{};
  if (inet_pton(AF_INET6, std::string{address}.c_str(), &v6) != 1) return std::string{address};
  std::fill(v6.s6_addr + 8, v6.s6_addr + 16, std::uint8_t{0});
  return text_of(AF_INET6, &v6) + "/64";
}

}  // namespace web

#include "src/base/random.h"

#include "src/base/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <sys/random.h>

namespace base {

void fill_random(MutableByteView target) {
  while (!target.empty()) {
    const ssize_t count = ::getrandom(target.data(), target.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw Error{ErrorKind::failed,
                  system_error("the kernel gives no randomness", errno).message()};
    }
    target = target.subspan(static_cast<std::size_t>(count));
  }
}

std::string new_ulid(Instant time) {
  static constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
  constexpr std::int64_t kLatest = (std::int64_t{1} << 48) - 1;
  std::string ulid(26, '0');
  auto milliseconds =
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(to_milliseconds(time), 0, kLatest));
  for (std::size_t i = 10; i-- > 0; milliseconds >>= 5) ulid[i] = kDigits[milliseconds & 31];
  std::array<std::byte, 16> random;  // five bits of each byte make a digit
  fill_random(random);
  for (std::size_t i = 0; i < random.size(); ++i) {
    ulid[10 + i] = kDigits[std::to_integer<std::size_t>(random[i]) & 31];
  }
  return ulid;
}

std::string new_uuid() {
  std::array<std::byte, 16> random;
  fill_random(random);
  random[6] = (random[6] & std::byte{0x0f}) | std::byte{0x40};  // version 4
  random[8] = (random[8] & std::byte{0x3f}) | std::byte{0x80};  // the variant of RFC 9562
  std::string uuid = to_hex(random);
  for (const std::size_t position : {8U, 13U, 18U, 23U}) uuid.insert(position, 1, '-');
  return uuid;
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view kForm = "00000000-0000-0000-0000-000000000000";
  return std::ranges::equal(text, kForm, [](char letter, char form) {
    const bool is_digit = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
    return form == '-' ? letter == '-' : is_digit;
  });
}

}  // namespace base

// Opaque tokens: access tokens, import sessions and delta tokens, which only their maker can read
// or make.
#pragma once

#include "src/base/bytes.h"
#include "tests/simulator/json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

class Sealer {
 public:
  explicit Sealer(std::uint64_t seed);

  // A token sealed for one purpose cannot be opened for another.
  [[nodiscard]] std::string seal(std::string_view purpose, const Json& content) const;
  // Empty unless this sealer made it for that purpose.
  [[nodiscard]] std::optional<Json> open(std::string_view purpose, std::string_view token) const;

 private:
  [[nodiscard]] std::string signature(std::string_view purpose, std::string_view body) const;

  base::Bytes key_;
};

// Without padding; empty if malformed.
std::optional<base::Bytes> base64url_decode(std::string_view text);

}  // namespace simulator

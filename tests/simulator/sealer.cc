#include "tests/simulator/sealer.h"

#include "src/base/base64.h"
#include "src/base/digest.h"
#include "src/base/text.h"

#include <algorithm>

namespace simulator {

std::optional<base::Bytes> base64url_decode(std::string_view text) {
  std::string standard{text};
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  while (standard.size() % 4 != 0) standard += '=';
  return base::base64_decode(standard);
}

Sealer::Sealer(std::uint64_t seed)
    : key_(base::to_bytes(base::sha256(base::as_bytes(base::text("sealer ", seed))).view())) {}

std::string Sealer::signature(std::string_view purpose, std::string_view body) const {
  const base::Sha256 mac = base::hmac_sha256(key_, base::as_bytes(base::text(purpose, "\n", body)));
  return base::base64url_encode(mac.view().first(16));
}

std::string Sealer::seal(std::string_view purpose, const Json& content) const {
  const std::string body = base::base64url_encode(base::as_bytes(content.dump()));
  return body + "." + signature(purpose, body);
}

std::optional<Json> Sealer::open(std::string_view purpose, std::string_view token) const {
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view body = token.substr(0, dot);
  if (signature(purpose, body) != token.substr(dot + 1)) return std::nullopt;
  const auto content = base64url_decode(body);
  if (!content) return std::nullopt;
  return Json::parse(base::as_text(*content));
}

}  // namespace simulator

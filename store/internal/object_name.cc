#include "store/internal/object_name.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/name_digits.h"

#include <algorithm>

namespace store {
namespace {

constexpr std::size_t kHexDigits = 2 * PackId::kSizeBytes;

bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
         character == '.' || character == '_' || character == '-';
}

}  // namespace

bool is_object_name(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  return std::ranges::all_of(base::split(name, '/'), [](const std::string& component) {
    return !component.empty() && component.front() != '.' &&
           std::ranges::all_of(component, is_name_character);
  });
}

void check_object_name(std::string_view name) {
  base::check(is_object_name(name), "object names are made by the store");
}

std::string pack_prefix(ChunkClass chunk_class) {
  return chunk_class == ChunkClass::data ? "pack/d/" : "pack/m/";
}

std::string pack_name(ChunkClass chunk_class, const PackId& id) {
  const std::string hex = id.hex();
  return base::text(pack_prefix(chunk_class), hex.substr(0, 2), "/", hex);
}

std::optional<PackId> pack_id_of(ChunkClass chunk_class, std::string_view name) {
  const std::string prefix = pack_prefix(chunk_class);
  if (!name.starts_with(prefix) || name.size() != prefix.size() + 3 + kHexDigits) {
    return std::nullopt;
  }
  const std::string_view hex = name.substr(prefix.size() + 3);
  if (!is_lower_hex(hex) || name[prefix.size() + 2] != '/' ||
      name.substr(prefix.size(), 2) != hex.substr(0, 2)) {
    return std::nullopt;
  }
  return PackId::from(base::from_hex(hex));
}

std::string parity_name(const PackId& pack) { return base::text(kParityPrefix, pack.hex()); }

std::string quarantine_name(const PackId& pack) {
  return base::text("trash/quarantine/", pack.hex());
}

std::optional<PackId> parity_pack_of(std::string_view name) {
  if (!name.starts_with(kParityPrefix)) return std::nullopt;
  const std::string_view hex = name.substr(kParityPrefix.size());
  if (hex.size() != kHexDigits || !is_lower_hex(hex)) return std::nullopt;
  return PackId::from(base::from_hex(hex));
}

}  // namespace store

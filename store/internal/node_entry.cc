#include "store/internal/node_entry.h"

#include <algorithm>

namespace store {
namespace {

std::size_t shared_prefix(std::string_view left, std::string_view right) {
  const auto differ = std::mismatch(left.begin(), left.end(), right.begin(), right.end()).first;
  return static_cast<std::size_t>(differ - left.begin());
}

}  // namespace

void write_entry(FieldWriter& fields, std::string_view before, std::string_view key,
                 base::ByteView payload) {
  const std::size_t shared = shared_prefix(before, key);
  fields.number(shared);
  fields.number(key.size() - shared);
  fields.number(payload.size());
  fields.raw(base::as_bytes(key.substr(shared)));
  fields.raw(payload);
}

TreeEntry read_entry(FieldReader& fields, std::string_view before) {
  const std::size_t shared = fields.number_up_to(before.size());
  const std::size_t suffix = fields.number_up_to(kLongestKeyBytes - shared);
  const std::size_t payload = fields.number_up_to(kLongestPayloadBytes);
  TreeEntry entry;
  entry.key.reserve(shared + suffix);
  entry.key = before.substr(0, shared);
  entry.key += base::as_text(fields.raw(suffix));
  entry.payload = fields.raw(payload);
  return entry;
}

}  // namespace store

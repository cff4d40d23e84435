// A set of long identifiers that takes about 50 bytes for each, whatever their length.
#pragma once

#include "src/base/bytes.h"

#include <cstddef>
#include <string_view>
#include <unordered_set>

namespace base {

// Two identifiers count as one only if half of their SHA-256 agrees, which nobody can bring about.
class IdSet {
 public:
  // False if it is in the set already.
  bool insert(std::string_view id) { return digests_.insert(digest_of(id)).second; }
  // False if it is not.
  bool erase(std::string_view id) { return digests_.erase(digest_of(id)) > 0; }
  [[nodiscard]] bool contains(std::string_view id) const {
    return digests_.contains(digest_of(id));
  }
  [[nodiscard]] std::size_t size() const { return digests_.size(); }
  [[nodiscard]] bool empty() const { return digests_.empty(); }

 private:
  using Digest = FixedBytes<struct IdDigestTag, 16>;
  static Digest digest_of(std::string_view id);

  std::unordered_set<Digest, FixedBytesHash> digests_;
};

}  // namespace base

#include "src/base/id_set.h"

#include "src/base/digest.h"

namespace base {

IdSet::Digest IdSet::digest_of(std::string_view id) {
  return Digest::from(sha256(as_bytes(id)).view());
}

}  // namespace base

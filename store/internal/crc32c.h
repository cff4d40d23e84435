// CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds rot without a key.
#pragma once

#include "src/base/bytes.h"

#include <cstdint>

namespace store {

// Of `earlier` bytes followed by `bytes`; begin with 0.
std::uint32_t crc32c(base::ByteView bytes, std::uint32_t earlier = 0);
// The same by a table, for processors without the instruction; the reference in tests.
std::uint32_t crc32c_by_table(base::ByteView bytes, std::uint32_t earlier = 0);

}  // namespace store

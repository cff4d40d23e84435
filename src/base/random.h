// Randomness from the kernel, and identifiers made of it.
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"

#include <string>
#include <string_view>

namespace base {

// Cryptographically strong (getrandom).
void fill_random(MutableByteView target);

// A ULID: 26 lower-case characters of Crockford's base 32, sorted by `time`. Unique without
// coordination.
std::string new_ulid(Instant time);
// A version 4 UUID (RFC 9562), lower-case.
std::string new_uuid();
// Whether it is one as new_uuid() gives them, or looks like it.
bool is_uuid(std::string_view text);

}  // namespace base

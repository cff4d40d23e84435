// The keys of a store that is the same in every process, so that an input means the same everywhere
// and fuzzing gets behind the seals.
#pragma once

#include "src/base/secret.h"
#include "store/ids.h"
#include "store/keys.h"

#include <memory>

namespace fuzz {

inline constexpr const char* kPassphrase = "a key that everybody knows";

const store::KeyRing& fixed_keys();
const store::TenantKeys& fixed_tenant();
store::RepositoryId fixed_repository();
// 32 bytes that everything above derives from.
const base::Secret& fixed_master();

}  // namespace fuzz

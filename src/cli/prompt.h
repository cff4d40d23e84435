// Asking for what must not be seen.
#pragma once

#include "src/base/secret.h"

#include <string_view>

namespace cli {

// Asks twice on the terminal, without showing what is typed. Error(usage) where there is no
// terminal or the two differ.
base::Secret ask_for_new_password(std::string_view what);

}  // namespace cli

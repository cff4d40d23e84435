// The recovery key as people keep it: on paper.
//
// 200 random bits as ten groups of four letters and digits (Crockford's base 32), then a group that
// checks the others.
#pragma once

#include "src/base/secret.h"

#include <cstdint>
#include <optional>

namespace store {

inline constexpr std::size_t kRecoveryKeyBytes = 25;

// "7K3M-…": eleven groups.
base::Secret print_recovery_key(const base::Secret& key);

enum class RecoveryKeyForm : std::uint8_t { none, mistyped, whole };

struct ParsedRecoveryKey {
  RecoveryKeyForm form = RecoveryKeyForm::none;
  base::Secret key;  // only if whole
};

// Case, spaces and dashes do not matter; O counts as 0, I and L as 1.
ParsedRecoveryKey parse_recovery_key(const base::Secret& typed);

}  // namespace store

// The inputs that fuzzing starts from, made by the encoders themselves where there are any.
#pragma once

#include "src/base/bytes.h"

#include <functional>
#include <string_view>

namespace fuzz {

// Takes one input of a target; `name` tells it from the target's other inputs.
using OnSeed =
    std::function<void(std::string_view target, std::string_view name, base::ByteView input)>;

// Of the formats of the store.
void make_store_seeds(const OnSeed& on_seed);

}  // namespace fuzz

// Randomness for a program that has to do the same thing twice.
#pragma once

#include <cstdint>

namespace simulation {

// Whatever asks the kernel for randomness gets what follows from the seed from now on; in this
// program nobody gets anything else.
void seed_randomness(std::uint64_t seed);

}  // namespace simulation

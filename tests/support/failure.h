// How something failed that has to.
#pragma once

#include "src/base/error.h"

#include <stdexcept>
#include <string>

namespace test {

// The kind of the error that `act` ends with, and its words; fails the test if it ends well.
struct Failure {
  base::ErrorKind kind;
  std::string what;
};
template <typename Act>
Failure failure_of(Act act) {
  try {
    act();
  } catch (const base::Error& error) {
    return {error.kind(), error.what()};
  }
  throw std::logic_error{"expected a base::Error, and none came"};
}

}  // namespace test

// Catch2, version 2 (Debian 12) or 3 (Debian 13), behind one name. Where the versions name a thing
// differently, tests use the name in `test`.
#pragma once

#include <string>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
namespace test {
inline auto contains_text(const std::string& part) {
  return Catch::Matchers::ContainsSubstring(part);
}
}  // namespace test
#else
#include <catch2/catch.hpp>
namespace test {
inline auto contains_text(const std::string& part) { return Catch::Matchers::Contains(part); }
}  // namespace test
#endif

#include "src/base/id_set.h"

#include "tests/support/catch.h"

#include <string>

TEST_CASE("a set of identifiers knows each of them once", "[base]") {
  base::IdSet ids;
  CHECK(ids.empty());
  for (int i = 0; i < 1000; ++i) CHECK(ids.insert("identifier " + std::to_string(i)));
  CHECK_FALSE(ids.insert("identifier 7"));
  CHECK(ids.size() == 1000);
  CHECK(ids.contains("identifier 999"));
  CHECK_FALSE(ids.contains("identifier 1000"));
  CHECK_FALSE(ids.contains(""));
  CHECK(ids.insert(""));
  CHECK(ids.erase(""));
  CHECK_FALSE(ids.erase(""));
  CHECK(ids.erase("identifier 0"));
  CHECK_FALSE(ids.contains("identifier 0"));
  CHECK(ids.size() == 999);
}

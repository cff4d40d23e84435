#include "tests/support/temporary_directory.h"

#include "src/base/error.h"

#include <cstdlib>
#include <string>
#include <system_error>

namespace test {

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "coffer-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw base::system_error("mkdtemp " + pattern, errno);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace test

#include "store/internal/index_logs.h"

#include "src/base/file.h"
#include "tests/fuzz/targets.h"
#include "tests/support/temporary_directory.h"

#include <fstream>

namespace fuzz {

// An octet that chooses the name, then the log.
void fuzz_index_logs(base::ByteView input) {
  static const test::TemporaryDirectory directory;
  InputReader reader{input};
  const std::filesystem::path path =
      directory / (reader.octet() % 2 == 0 ? "MANIFEST-000001" : "000004.log");
  const base::ByteView log = reader.rest();
  {
    std::ofstream file{path, std::ios::binary};
    file.write(base::as_text(log).data(), static_cast<std::streamsize>(log.size()));
  }
  const auto accepted = unless_refused({base::ErrorKind::corrupt}, [&] {
    store::check_index_logs(directory.path());
    return true;
  });
  std::filesystem::remove(path);
  const bool has_such_type = std::ranges::any_of(
      log, [](std::byte byte) { return byte >= std::byte{5} && byte <= std::byte{8}; });
  hold(accepted || has_such_type, "only an impossible type is refused");
}

}  // namespace fuzz

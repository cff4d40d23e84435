#include "src/daemon/places.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <system_error>

namespace appliance {
namespace {

namespace fs = std::filesystem;

fs::path real_place(const fs::path& path) {
  const fs::path place = fs::absolute(path).lexically_normal();
  std::error_code hidden;
  fs::path real = fs::weakly_canonical(place, hidden);
  return hidden ? place : real;
}

}  // namespace

bool is_at_or_below(const fs::path& path, const fs::path& directory) {
  const fs::path below = real_place(path).lexically_relative(real_place(directory));
  return !below.empty() && *below.begin() != "..";
}

void require_outside_store(const StoreSettings& store, const fs::path& path,
                           std::string_view option) {
  for (const fs::path& own : {store.directory, store.index}) {
    if (!is_at_or_below(path, own)) continue;
    throw base::Error{base::ErrorKind::usage,
                      base::text(option, " '", path.string(), "' lies in '", own.string(),
                                 "', where only the store writes: name a place outside of it")};
  }
}

}  // namespace appliance

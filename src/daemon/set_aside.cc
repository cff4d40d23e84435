#include "src/daemon/set_aside.h"

#include "src/base/log.h"

#include <system_error>

namespace appliance {

void set_aside(const std::filesystem::path& file, const base::Error& reason) {
  std::filesystem::path aside = file;
  aside += ".unreadable";
  std::error_code failure;
  std::filesystem::rename(file, aside, failure);
  base::log(base::LogLevel::warning, "'", file.string(), "' cannot be read and is ",
            failure ? "left out: " : "set aside as '", failure ? "" : aside.string(),
            failure ? "" : "': ", reason.what());
}

}  // namespace appliance

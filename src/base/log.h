// The log: one line a matter, to standard error; under systemd with the level prefixes of
// sd-daemon(3). Never content, never secrets, never whole import URLs.
#pragma once

#include "src/base/text.h"

#include <cstdint>
#include <string_view>

namespace base {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

// What is below `level` is dropped. The default is warning.
void set_log_level(LogLevel level);
// Thread-safe. `message` is made printable.
void log_message(LogLevel level, std::string_view message);

template <typename... Parts>
void log(LogLevel level, const Parts&... parts) {
  log_message(level, text(parts...));
}

}  // namespace base

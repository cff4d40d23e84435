#include "src/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdlib>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace base {
namespace {

// As sd-daemon(3) asks: the variable alone is inherited by children whose output goes elsewhere.
bool stderr_is_the_journal() {
  const char* announced = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (announced == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return text(status.st_dev, ":", status.st_ino) == announced;
}

spdlog::level::level_enum translate(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// The syslog levels, as the journal reads them from the start of a line.
std::string_view journal_prefix(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "<7>";
    case LogLevel::info:
      return "<6>";
    case LogLevel::warning:
      return "<4>";
    case LogLevel::error:
      return "<3>";
  }
  return "<3>";
}

struct StandardError {
  bool is_journal = stderr_is_the_journal();
  spdlog::logger logger{"coffer", std::make_shared<spdlog::sinks::stderr_sink_mt>()};

  StandardError() {
    logger.set_level(spdlog::level::warn);
    logger.set_pattern(is_journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l: %v",
                       spdlog::pattern_time_type::utc);
  }
};

StandardError& standard_error() {
  static StandardError instance;
  return instance;
}

}  // namespace

void set_log_level(LogLevel level) { standard_error().logger.set_level(translate(level)); }

void log_message(LogLevel level, std::string_view message) {
  StandardError& target = standard_error();
  const spdlog::level::level_enum translated = translate(level);
  if (!target.logger.should_log(translated)) return;
  const std::string_view prefix = target.is_journal ? journal_prefix(level) : std::string_view{};
  target.logger.log(translated, text(prefix, printable(message)));
}

}  // namespace base

#include "src/cli/program.h"

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/cli/arguments.h"
#include "src/cli/commands.h"
#include "src/cli/failure_summary.h"
#include "src/cli/interruption.h"
#include "src/cli/output.h"
#include "src/cli/progress_bar.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace cli {
namespace {

void report(Output& output, const std::string& command, const base::Error& error,
            const std::string& remedy) {
  const jobs::ExitStatus status = jobs::exit_status(error.kind());
  output.error(error, status, remedy);
  output.record(failure_summary(command, error, status));
}

// Whatever `act` throws becomes an error for people or records, and an exit status.
template <typename Act>
jobs::ExitStatus reporting(Output& output, const std::string& command, Act act) {
  try {
    return act();
  } catch (const AdvisedError& error) {
    report(output, command, error, error.remedy());
    return jobs::exit_status(error.kind());
  } catch (...) {
    const base::Error error = base::current_error();
    report(output, command, error, remedy_for(error));
    return jobs::exit_status(error.kind());
  }
}

base::LogLevel log_level(const GlobalOptions& global) {
  if (global.verbose) return base::LogLevel::info;
  return global.quiet ? base::LogLevel::error : base::LogLevel::warning;
}

// Making the index anew cannot be stopped half way and costs nothing when it is killed; creating a
// store and changing its keys take a moment. Their signals are left alone.
template <typename... Options>
bool is_one_of(const Command& command) {
  return (std::holds_alternative<Options>(command) || ...);
}

bool stops_on_request(const Command& command) {
  return !is_one_of<InitOptions, RebuildIndexOptions, KeyListOptions, KeyAddOptions,
                    KeyRemoveOptions, KeyRotateOptions, KeyRecoveryOptions>(command);
}

// A descriptor that the caller closed must not become a file of the store, which a message would
// then be written into. Reading from or writing to such a place fails, as it does when it is
// closed.
void occupy_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is given: the one that was closed. Opened the wrong way round.
    const int flags = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", flags) != descriptor) std::abort();
  }
}

jobs::ExitStatus run_command(const Arguments& arguments, Output& output) {
  const GlobalOptions& global = arguments.global;
  std::optional<Interruption> interruption;  // before any other thread
  if (stops_on_request(arguments.command)) interruption.emplace(global.quiet || global.json);
  base::SystemClock clock;
  const bool draw = !global.json && !global.quiet && !global.no_progress && on_a_terminal();
  const Context context{global, output, clock,
                        interruption ? interruption->token() : std::stop_token{}, draw};
  return std::visit([&](const auto& options) { return run(context, options); }, arguments.command);
}

int run_words(int argument_count, const char* const* words) {
  Output early{{.json = asks_for_json(argument_count, words), .quiet = false, .verbose = false}};
  std::optional<std::variant<Arguments, Information>> parsed;
  const jobs::ExitStatus parse_status =
      reporting(early, command_asked_for(argument_count, words), [&] {
        try {
          parsed = parse_arguments(argument_count, words);
        } catch (const base::Error& error) {
          throw AdvisedError{
              error, "`coffer --help` tells the commands, `coffer COMMAND --help` its options"};
        }
        return jobs::ExitStatus::done;
      });
  if (!parsed) return jobs::number(parse_status);
  if (const auto* information = std::get_if<Information>(&*parsed)) {
    std::fputs(information->text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : 1;
  }
  const Arguments& arguments = std::get<Arguments>(*parsed);
  base::set_log_level(log_level(arguments.global));
  Output output{{.json = arguments.global.json,
                 .quiet = arguments.global.quiet,
                 .verbose = arguments.global.verbose}};
  const jobs::ExitStatus status =
      reporting(output, arguments.command_name, [&] { return run_command(arguments, output); });
  // A result that nobody got is no success.
  const jobs::ExitStatus written = reporting(output, arguments.command_name, [&] {
    output.finish();
    return jobs::ExitStatus::done;
  });
  return jobs::number(status == jobs::ExitStatus::done ? written : status);
}

}  // namespace

int run_program(int argument_count, const char* const* arguments) noexcept {
  try {
    occupy_standard_descriptors();
    ::umask(S_IRWXG | S_IRWXO);  // all that it writes is mail, keys, or tells of them
    return run_words(argument_count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "coffer: error: %s\n", error.what());
  } catch (...) {
    std::fputs("coffer: error: an exception of unknown type\n", stderr);
  }
  return jobs::number(jobs::ExitStatus::failed);
}

}  // namespace cli

#include "src/cli/program.h"

#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "src/cli/arguments.h"
#include "src/cli/commands.h"
#include "src/cli/follow.h"
#include "src/cli/interruption.h"
#include "src/cli/job_command.h"
#include "src/cli/output.h"
#include "src/cli/progress_bar.h"
#include "src/cli/reporting.h"
#include "src/daemon/configuration.h"
#include "src/daemon/control.h"
#include "src/daemon/resources.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cli {
namespace {

base::LogLevel log_level(const GlobalOptions& global) {
  if (global.verbose) return base::LogLevel::info;
  return global.quiet ? base::LogLevel::error : base::LogLevel::warning;
}

// Making the index anew cannot be stopped half way and costs nothing when it is killed; creating a
// store and changing its keys take a moment. Their signals are left alone; the daemon has its own.
template <typename... Options>
bool is_one_of(const Command& command) {
  return (std::holds_alternative<Options>(command) || ...);
}

bool stops_on_request(const Command& command) {
  return !is_one_of<InitOptions, RebuildIndexOptions, KeyListOptions, KeyAddOptions,
                    KeyRemoveOptions, KeyRotateOptions, KeyRecoveryOptions, ServeOptions>(command);
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

appliance::Configuration load_configuration(const GlobalOptions& global) {
  const auto path = appliance::configuration_path(global.config);
  try {
    return appliance::load_configuration(path);
  } catch (const base::Error& error) {
    throw AdvisedError{error, base::text("correct ", path.string(),
                                         ", or name another file with --config or $COFFER_CONFIG")};
  }
}

// The daemon that is to do the command, or to keep off the store meanwhile; empty where none runs
// or the command is none of its business.
std::optional<appliance::ControlClient> daemon_for(const Command& command,
                                                   const appliance::Configuration& configuration) {
  if (!is_handed_over(command) && !needs_store_alone(command)) return std::nullopt;
  return appliance::ControlClient::connect(configuration.service.state);
}

jobs::ExitStatus run_command(const Arguments& arguments, const std::vector<std::string>& words,
                             ProcessOutput& output) {
  const GlobalOptions& global = arguments.global;
  std::optional<Interruption> interruption;  // before any other thread
  if (stops_on_request(arguments.command)) interruption.emplace(global.quiet || global.json);
  const std::stop_token stop = interruption ? interruption->token() : std::stop_token{};
  base::SystemClock clock;
  const bool draw = !global.json && !global.quiet && !global.no_progress && on_a_terminal();
  appliance::OwnResources resources{load_configuration(global), jobs::this_process(), clock};
  auto daemon = daemon_for(arguments.command, resources.configuration());
  if (daemon && is_handed_over(arguments.command)) {
    return follow(*daemon, words, output, draw, clock, stop);
  }
  if (daemon) daemon->borrow_store(stop);
  ProgressBar progress{draw, clock};
  const Context context{global,
                        output,
                        clock,
                        stop,
                        progress,
                        resources,
                        jobs::this_process(),
                        base::new_ulid(clock.now())};
  return std::visit([&](const auto& options) { return run(context, options); }, arguments.command);
}

int run_words(int argument_count, const char* const* words) {
  ProcessOutput early{
      {.json = asks_for_json(argument_count, words), .quiet = false, .verbose = false}};
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
  ProcessOutput output{{.json = arguments.global.json,
                        .quiet = arguments.global.quiet,
                        .verbose = arguments.global.verbose}};
  const jobs::ExitStatus status = reporting(output, arguments.command_name, [&] {
    return run_command(arguments, {words + 1, words + argument_count}, output);
  });
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

#include "tests/bench/measure.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds(const rusage& usage) {
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t peak_bytes(const rusage& usage) {
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;  // Linux counts KiB
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// In the child: nothing here may allocate or throw once fork() has returned, so all is prepared
// before.
[[noreturn]] void become(const std::vector<char*>& arguments, const std::vector<char*>& environment,
                         const char* directory, int output, int errors) {
  if (*directory != '\0' && chdir(directory) != 0) _exit(126);
  if (dup2(output, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0) _exit(126);
  execvpe(arguments.front(), arguments.data(), environment.data());
  _exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_of(const Program& program) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  for (const auto& [name, value] : program.environment) {
    const std::string assignment = name + "=";
    std::erase_if(variables, [&](const std::string& old) { return old.starts_with(assignment); });
    variables.push_back(assignment + value);
  }
  return variables;
}

std::string end_of(const std::filesystem::path& path) {
  const std::string whole{base::as_text(base::read_file(path))};
  const std::size_t start = whole.size() > 600 ? whole.size() - 600 : 0;
  return base::printable(whole.substr(start));
}

}  // namespace

Cost measure(const std::function<void()>& work) {
  rusage before{};
  rusage after{};
  getrusage(RUSAGE_SELF, &before);
  const auto start = std::chrono::steady_clock::now();
  work();
  Cost cost;
  cost.wall_seconds = seconds_since(start);
  getrusage(RUSAGE_SELF, &after);
  cost.cpu_seconds = cpu_seconds(after) - cpu_seconds(before);
  cost.peak_memory_bytes = peak_bytes(after);
  return cost;
}

Cost measure(const Program& program) {
  std::vector<std::string> argument_texts = program.arguments;
  std::vector<std::string> variable_texts = environment_of(program);
  const std::vector<char*> arguments = pointers(argument_texts);
  const std::vector<char*> environment = pointers(variable_texts);
  const std::string directory = program.directory.string();
  std::string errors_name =
      (std::filesystem::temp_directory_path() / "coffer-bench-XXXXXX").string();
  const base::FileHandle errors{mkstemp(errors_name.data())};
  if (!errors.is_open()) throw base::system_error("making a file for messages", errno);
  const base::FileHandle output = base::open_file("/dev/null", O_WRONLY);

  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child < 0) throw base::system_error("starting " + program.arguments.front(), errno);
  if (child == 0) become(arguments, environment, directory.c_str(), output.get(), errors.get());
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) throw base::system_error("waiting for " + program.arguments.front(), errno);
  }
  const Cost cost{seconds_since(start), cpu_seconds(usage), peak_bytes(usage)};
  const std::string message = end_of(errors_name);
  std::filesystem::remove(errors_name);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::string line;
    for (const std::string& argument : program.arguments) line += argument + " ";
    throw base::Error{base::ErrorKind::failed,
                      base::text(line, "ended with status ", status, ": ", message)};
  }
  return cost;
}

Cost median(const std::vector<Cost>& costs) {
  base::check(!costs.empty(), "something was measured");
  const auto of = [&](auto Cost::*figure) {
    std::vector<double> values;
    for (const Cost& cost : costs) values.push_back(static_cast<double>(cost.*figure));
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
  };
  return {of(&Cost::wall_seconds), of(&Cost::cpu_seconds),
          static_cast<std::uint64_t>(of(&Cost::peak_memory_bytes))};
}

bool is_installed(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  const auto folders = base::split(path == nullptr ? "/usr/bin:/bin" : path, ':');
  return std::ranges::any_of(folders, [&](const std::string& folder) {
    return access((std::filesystem::path{folder} / program).c_str(), X_OK) == 0;
  });
}

std::uint64_t size_of_tree(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

}  // namespace bench

#include "tests/support/process.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace test {
namespace {

struct Pipe {
  base::FileHandle read_end;
  base::FileHandle write_end;
};

Pipe open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw base::system_error("pipe", errno);
  return {base::FileHandle{ends[0]}, base::FileHandle{ends[1]}};
}

std::vector<std::string> environment_of(const CommandLine& command) {
  std::vector<std::string> environment;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    if (!command.environment.contains(std::string{text.substr(0, text.find('='))})) {
      environment.emplace_back(text);
    }
  }
  for (const auto& [name, value] : command.environment) {
    environment.push_back(base::text(name, "=", value));
  }
  return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Appends what can be read now; false at the end.
bool append_from(base::FileHandle& file, std::string& text) {
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) return false;
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

}  // namespace

Process::Process(const CommandLine& command) {
  Pipe output = open_pipe();
  Pipe errors = open_pipe();
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output.write_end.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors.write_end.get(), STDERR_FILENO);
  std::vector<std::string> words = command.words;
  std::vector<std::string> environment = environment_of(command);
  const int failure = ::posix_spawn(&pid_, words.at(0).c_str(), &actions, nullptr,
                                    pointers_to(words).data(), pointers_to(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw base::system_error("starting " + words.at(0), failure);
  output_ = std::move(output.read_end);
  errors_ = std::move(errors.read_end);
}

Process::~Process() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::send(int signal_number) { ::kill(pid_, signal_number); }

bool Process::read_some() {
  std::array<pollfd, 2> files{pollfd{output_.is_open() ? output_.get() : -1, POLLIN, 0},
                              pollfd{errors_.is_open() ? errors_.get() : -1, POLLIN, 0}};
  if (files[0].fd < 0 && files[1].fd < 0) return false;
  if (::poll(files.data(), files.size(), -1) < 0 && errno != EINTR)
    throw base::system_error("poll", errno);
  if (files[0].revents != 0 && !append_from(output_, finished_.output)) output_ = {};
  if (files[1].revents != 0 && !append_from(errors_, finished_.errors)) errors_ = {};
  return true;
}

std::string Process::wait_for_line(std::string_view text) {
  for (;;) {
    const std::size_t end = finished_.output.find('\n', searched_);
    if (end == std::string::npos) {
      if (read_some()) continue;
      throw base::Error{base::ErrorKind::failed,
                        base::text("the program ended without '", text, "': ", finished_.output,
                                   finished_.errors)};
    }
    std::string line = finished_.output.substr(searched_, end - searched_);
    searched_ = end + 1;
    if (line.find(text) != std::string::npos) return line;
  }
}

Finished Process::finish() {
  while (read_some()) {
  }
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  finished_.exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return std::move(finished_);
}

Finished run(const CommandLine& command) { return Process{command}.finish(); }

}  // namespace test

// Running programs the way a shell does: arguments in, two streams and a status out.
#pragma once

#include "src/base/file.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace test {

struct CommandLine {
  std::vector<std::string> words;                  // the program's path first
  std::map<std::string, std::string> environment;  // besides the test's own
};

struct Finished {
  int exit_status = 0;  // 128 + signal for a program that was killed
  std::string output;
  std::string errors;
};

// A program under way. Killed and waited for when dropped.
class Process {
 public:
  explicit Process(const CommandLine& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void send(int signal_number);
  // Reads standard output up to a line that contains `text`, and gives that line. Error(failed)
  // with what it wrote, if it ends before.
  std::string wait_for_line(std::string_view text);
  // Reads both streams to their ends and waits.
  Finished finish();

 private:
  // Reads what there is; false at the end of both streams.
  bool read_some();

  pid_t pid_ = -1;
  base::FileHandle output_;
  base::FileHandle errors_;
  Finished finished_;
  std::size_t searched_ = 0;
};

// Runs it to its end.
Finished run(const CommandLine& command);

}  // namespace test

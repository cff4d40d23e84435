#include "src/base/log.h"

#include "src/base/file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

// What reaches standard error while `act` runs.
std::string captured_stderr(const std::function<void()>& act) {
  const test::TemporaryDirectory directory;
  const auto path = directory / "stderr";
  {
    const base::FileHandle original{::dup(STDERR_FILENO)};
    const base::FileHandle target = base::open_file(path, O_WRONLY | O_CREAT);
    REQUIRE(::dup2(target.get(), STDERR_FILENO) == STDERR_FILENO);
    act();
    REQUIRE(::dup2(original.get(), STDERR_FILENO) == STDERR_FILENO);
  }
  return std::string{base::as_text(base::read_file(path))};
}

}  // namespace

TEST_CASE("the log drops what is below its level", "[base][log]") {
  const std::string written = captured_stderr([] {
    base::log(base::LogLevel::info, "not yet");
    base::set_log_level(base::LogLevel::info);
    base::log(base::LogLevel::debug, "too fine");
    base::log(base::LogLevel::info, "mailbox ", 7, " done");
    base::set_log_level(base::LogLevel::warning);
  });
  CHECK_THAT(written, test::contains_text("info: mailbox 7 done\n"));
  CHECK(written.find("not yet") == std::string::npos);
  CHECK(written.find("too fine") == std::string::npos);
}

TEST_CASE("a matter takes one line of the log, whatever it holds", "[base][log]") {
  const std::string written = captured_stderr(
      [] { base::log(base::LogLevel::error, "from the service: a\r\nb \x1b[2J {} %v"); });
  CHECK_THAT(written, test::contains_text("error: from the service: a  b  [2J {} %v\n"));
  CHECK(written.find('\n') == written.size() - 1);
}

// Run by the next test in a process of its own, as the log looks at its surroundings once.
TEST_CASE("log to the journal", "[.log-to-journal]") {
  base::log(base::LogLevel::warning, "as told by ", ::getenv("JOURNAL_STREAM"));
}

TEST_CASE("the journal gets the level as a prefix, others do not", "[base][log]") {
  const bool is_journal = GENERATE(true, false);
  const test::TemporaryDirectory directory;
  const auto path = directory / "stderr";
  const base::FileHandle target = base::open_file(path, O_WRONLY | O_CREAT);
  struct stat status {};
  REQUIRE(::fstat(target.get(), &status) == 0);
  const std::string stream =
      base::text(status.st_dev, ":", is_journal ? status.st_ino : status.st_ino + 1);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    ::dup2(target.get(), STDERR_FILENO);
    ::dup2(target.get(), STDOUT_FILENO);
    ::execl(program.c_str(), program.c_str(), "[.log-to-journal]", nullptr);
    ::_exit(127);
  }
  int ended = 0;
  REQUIRE(::waitpid(child, &ended, 0) == child);
  REQUIRE(ended == 0);
  const std::string written{base::as_text(base::read_file(path))};
  CHECK_THAT(written, test::contains_text(is_journal ? "<4>as told by " + stream + "\n"
                                                     : "warning: as told by " + stream + "\n"));
}

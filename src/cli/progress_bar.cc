#include "src/cli/progress_bar.h"

#include "src/base/text.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace cli {
namespace {

constexpr base::Duration kRedrawEvery = std::chrono::milliseconds{250};
constexpr std::string_view kWipeLine = "\r\x1b[K";

std::size_t terminal_columns() {
  struct winsize size {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

void draw(base::Clock& clock, const std::function<jobs::ProgressReading()>& read,
          std::stop_token stop) {
  jobs::ProgressModel model;
  while (!stop.stop_requested()) {
    model.update(read(), clock.monotonic());
    // The last column stays free: some terminals wrap as soon as it is written to.
    std::fputs(base::text(kWipeLine, model.line(terminal_columns() - 1)).c_str(), stderr);
    std::fflush(stderr);
    clock.sleep_for(kRedrawEvery, stop);
  }
  std::fputs(std::string{kWipeLine}.c_str(), stderr);
  std::fflush(stderr);
}

class Drawn final : public ProgressDisplay::Shown {
 public:
  Drawn(base::Clock& clock, std::function<jobs::ProgressReading()> read)
      : drawer_([&clock, read = std::move(read)](std::stop_token stop) {
          draw(clock, read, std::move(stop));
        }) {}

 private:
  std::jthread drawer_;
};

}  // namespace

std::unique_ptr<ProgressDisplay::Shown> ProgressBar::show(
    std::function<jobs::ProgressReading()> read) {
  if (!enabled_) return nullptr;
  return std::make_unique<Drawn>(clock_, std::move(read));
}

bool on_a_terminal() {
  const char* kind = std::getenv("TERM");
  const bool drawable = kind != nullptr && *kind != '\0' && std::string_view{kind} != "dumb";
  return drawable && ::isatty(STDOUT_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
}

}  // namespace cli

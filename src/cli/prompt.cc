#include "src/cli/prompt.h"

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"

#include <fcntl.h>
#include <string>
#include <string_view>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

namespace cli {
namespace {

constexpr std::size_t kMostCharacters = 1024;

// As long as it lives the terminal shows nothing of what is typed.
class Unseen {
 public:
  explicit Unseen(int terminal) : terminal_(terminal) {
    if (::tcgetattr(terminal_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_changed_ = ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  ~Unseen() {
    if (is_changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  int terminal_;
  termios before_{};
  bool is_changed_ = false;
};

std::string read_line(const base::FileHandle& terminal, std::string_view prompt) {
  const std::string shown = base::text(prompt, ": ");
  base::write_all(terminal, base::as_bytes(shown), "/dev/tty");
  std::string line;
  {
    const Unseen unseen{terminal.get()};
    for (char next = 0; line.size() < kMostCharacters;) {
      const ssize_t got = ::read(terminal.get(), &next, 1);
      if (got == 0 || (got == 1 && next == '\n')) break;
      if (got != 1) throw base::Error{base::ErrorKind::failed, "the terminal cannot be read"};
      line += next;
    }
  }
  base::write_all(terminal, base::as_bytes("\n"), "/dev/tty");
  return line;
}

void wipe(std::string& text) { ::explicit_bzero(text.data(), text.size()); }

}  // namespace

base::Secret ask_for_new_password(std::string_view what) {
  base::FileHandle terminal;
  try {
    terminal = base::open_file("/dev/tty", O_RDWR);
  } catch (const base::Error&) {
    throw base::Error{base::ErrorKind::usage,
                      "there is no terminal to ask for a password: give --password-file PATH"};
  }
  std::string first = read_line(terminal, what);
  std::string second = read_line(terminal, "Once more");
  const bool are_equal = first == second;
  wipe(second);
  base::Secret password{std::string_view{first}};
  wipe(first);
  if (!are_equal) throw base::Error{base::ErrorKind::usage, "the two passwords differ"};
  return password;
}

}  // namespace cli

#include "src/cli/output.h"

#include "src/base/text.h"
#include "src/jobs/error_record.h"

#include <cerrno>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cli {

std::string remedy_for(const base::Error& error) {
  switch (error.kind()) {
    case base::ErrorKind::usage:
      return "correct what it names and run the command again";
    case base::ErrorKind::failed:
      return {};
    case base::ErrorKind::unavailable:
      return "run the command again later; what is done is kept";
    case base::ErrorKind::protocol:
      return "run the command again; if it stays, `coffer doctor` tells what the service answers";
    case base::ErrorKind::denied:
      return "check the app's credential, its rights and the admin consent; `coffer doctor` names "
             "what is missing";
    case base::ErrorKind::not_found:
      return "`coffer mailboxes` lists the tenant's mailboxes, `coffer snapshots` the restore "
             "points, "
             "`coffer ls MAILBOX` folders and items";
    case base::ErrorKind::no_store:
      return "check 'url' in [store], or create the store with `coffer init`";
    case base::ErrorKind::in_use:
      return "wait until the other process has ended, then run the command again";
    case base::ErrorKind::wrong_key:
      return "put the store's passphrase, its recovery key or the content of its key file into the "
             "file that 'passphrase_file' names";
    case base::ErrorKind::corrupt:
      return "`coffer check --level full` tells what is affected";
    case base::ErrorKind::full:
      return "make room for the store and run the command again; what was committed is kept";
    case base::ErrorKind::disk:
      return "check the disk and the file system, then run the command again";
    case base::ErrorKind::cancelled:
      return "run the command again: it goes on from there";
  }
  return {};
}

std::size_t ProcessOutput::columns() const {
  constexpr std::size_t kUsual = 80;
  struct winsize size {};
  if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return kUsual;
  return size.ws_col >= 40 ? size.ws_col : kUsual;
}

void ProcessOutput::record(const jobs::Record& record) {
  if (!settings_.json) return;
  write(jobs::to_json(record));
  write("\n");
  // Whoever follows the records sees each as it comes.
  if (std::fflush(stdout) != 0 && failure_ == 0) failure_ = errno;
}

void ProcessOutput::line(std::string_view text) {
  if (settings_.json) return;
  write(text);
  write("\n");
}

void ProcessOutput::remark(std::string_view text) {
  if (!settings_.quiet) line(text);
}

std::string error_text(const base::Error& error, std::string_view remedy) {
  std::string text = base::text("coffer: error: ", base::printable(error.message()));
  if (!error.context().empty()) {
    text += " (";
    for (std::size_t i = 0; i < error.context().size(); ++i) {
      text += base::text(i == 0 ? "" : "; ", base::printable(error.context()[i]));
    }
    text += ")";
  }
  text += "\n";
  if (!remedy.empty()) text += base::text("remedy: ", base::printable(remedy), "\n");
  return text;
}

void ProcessOutput::error(const base::Error& error, jobs::ExitStatus status,
                          std::string_view remedy) {
  told_error(jobs::error_record(error, status, remedy), error_text(error, remedy));
}

void ProcessOutput::told_error(const jobs::Record& told, std::string_view text) {
  if (settings_.json) {
    record(told);
    if (failure_ == 0 && !is_broken_) return;  // else nobody has seen it
  }
  std::fflush(stdout);
  std::fputs(std::string{text}.c_str(), stderr);
}

void ProcessOutput::finish() {
  if (std::fflush(stdout) != 0 && failure_ == 0) failure_ = errno;
  if (failure_ == 0) return;
  const base::Error error = base::system_error("writing to standard output", failure_);
  failure_ = 0;
  is_broken_ = true;
  throw base::Error{base::ErrorKind::failed, error.message()};
}

void ProcessOutput::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() && failure_ == 0)
    failure_ = errno;
}

}  // namespace cli

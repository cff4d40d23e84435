// The one exception type of the project: classed by what its handler can do, told in the
// operator's words, with context added by each level that knows a name.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace base {

enum class ErrorKind : std::uint8_t {
  usage,        // arguments or configuration are wrong: the operator corrects them
  failed,       // could not be done, and no other kind fits
  unavailable,  // the service or the network did not answer as it should: a later try may succeed
  protocol,     // the peer's answer breaks its contract: this unit of work fails
  denied,       // authentication, consent or scope
  not_found,    // no such mailbox, restore point, folder or item
  no_store,     // there is no store at that place
  in_use,       // another process writes to the store
  wrong_key,    // the passphrase or key does not open the store
  corrupt,      // stored bytes are not what was written
  full,         // no space left for the store
  disk,         // the disk or the file system failed
  cancelled,    // stopped on request; a rerun resumes
};

// The name used in JSON records ("denied", "wrong_key", ...).
std::string_view name(ErrorKind kind);

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message);

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  // Innermost first. Contexts say what was being done: "backing up mailbox a@b".
  [[nodiscard]] const std::vector<std::string>& context() const noexcept { return context_; }
  Error& add_context(std::string context);

  // The message, then the contexts, on one line.
  [[nodiscard]] const char* what() const noexcept override { return whole_.c_str(); }

 private:
  ErrorKind kind_;
  std::string message_;
  std::vector<std::string> context_;
  std::string whole_;
};

// The error behind any exception: itself if it is an Error, else one of kind failed.
// To be called inside a catch block.
Error current_error();

// Error(disk), or Error(full) for ENOSPC and EDQUOT, with the system's text for `error_number`.
Error system_error(std::string_view what_failed, int error_number);

// Our own mistakes only: throws std::logic_error. Never for data from disk or network.
inline void check(bool condition, const char* promise) {
  if (!condition) throw std::logic_error{promise};
}

}  // namespace base

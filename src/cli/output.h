// Where a command's results go: records a line each with --json, else text for people.
#pragma once

#include "src/base/error.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/record.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace cli {

// An error for which the command knows better advice than its kind gives.
class AdvisedError : public base::Error {
 public:
  AdvisedError(base::Error error, std::string remedy)
      : base::Error(std::move(error)), remedy_(std::move(remedy)) {}
  [[nodiscard]] const std::string& remedy() const { return remedy_; }

 private:
  std::string remedy_;
};

// What to do about an error; empty where there is nothing to say.
std::string remedy_for(const base::Error& error);

class Output {
 public:
  struct Settings {
    bool json = false;
    bool quiet = false;
    bool verbose = false;
  };
  explicit Output(Settings settings) : settings_(settings) {}

  [[nodiscard]] bool json() const { return settings_.json; }
  [[nodiscard]] bool quiet() const { return settings_.quiet; }
  [[nodiscard]] bool verbose() const { return settings_.verbose; }
  // Of the terminal; 80 where there is none.
  [[nodiscard]] std::size_t columns() const;

  // A line of JSON; nothing without --json.
  void record(const jobs::Record& record);
  // A line for people: what they asked to see. Nothing with --json.
  void line(std::string_view text);
  // A line for people around the results; nothing with --quiet either.
  void remark(std::string_view text);
  // One line and a remedy on standard error, or a record.
  void error(const base::Error& error, jobs::ExitStatus status, std::string_view remedy);

  // Error(disk) or Error(failed) if something could not be written.
  void finish();

 private:
  void write(std::string_view text);
  Settings settings_;
  int failure_ = 0;         // errno of the first write that failed
  bool is_broken_ = false;  // one has failed, and finish() has told
};

}  // namespace cli

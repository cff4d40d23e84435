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

// Used from the command's own thread.
class Output {
 public:
  virtual ~Output() = default;

  // Whether only records are looked at: text for people need not be made.
  [[nodiscard]] virtual bool json() const = 0;
  [[nodiscard]] virtual bool quiet() const = 0;
  [[nodiscard]] virtual bool verbose() const = 0;
  // For tables.
  [[nodiscard]] virtual std::size_t columns() const = 0;

  // For scripts.
  virtual void record(const jobs::Record& record) = 0;
  // A line for people: what they asked to see.
  virtual void line(std::string_view text) = 0;
  // A line for people around the results.
  virtual void remark(std::string_view text) = 0;
  virtual void error(const base::Error& error, jobs::ExitStatus status,
                     std::string_view remedy) = 0;

  // Error(disk) or Error(failed) if something could not be written.
  virtual void finish() = 0;
};

// One line and a remedy, as people see an error on standard error.
std::string error_text(const base::Error& error, std::string_view remedy);

// Records on standard output with --json; else text, errors on standard error.
class ProcessOutput final : public Output {
 public:
  struct Settings {
    bool json = false;
    bool quiet = false;  // no remarks
    bool verbose = false;
  };
  explicit ProcessOutput(Settings settings) : settings_(settings) {}

  [[nodiscard]] bool json() const override { return settings_.json; }
  [[nodiscard]] bool quiet() const override { return settings_.quiet; }
  [[nodiscard]] bool verbose() const override { return settings_.verbose; }
  // Of the terminal; 80 where there is none.
  [[nodiscard]] std::size_t columns() const override;

  void record(const jobs::Record& record) override;
  void line(std::string_view text) override;
  void remark(std::string_view text) override;
  void error(const base::Error& error, jobs::ExitStatus status, std::string_view remedy) override;
  void finish() override;

  // What error() prints, when it is known as a text and a record.
  void told_error(const jobs::Record& record, std::string_view text);

 private:
  void write(std::string_view text);
  Settings settings_;
  int failure_ = 0;         // errno of the first write that failed
  bool is_broken_ = false;  // one has failed, and finish() has told
};

}  // namespace cli

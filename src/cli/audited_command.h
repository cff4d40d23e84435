// A command that leaves its trace in the audit log: that it began, and what it came to.
#pragma once

#include "src/cli/commands.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/record.h"
#include "store/journal.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

class AuditedCommand {
 public:
  // `required`: what cannot be written down is not done. `wanted`: done all the same, with a
  // warning, because it is what the store is for (restoring, from a full or read-only disk), or
  // what makes room.
  enum class Entry : std::uint8_t { required, wanted };

  // Writes down that the action begins. Throws what the store throws if that is required. The
  // context and the store outlive it.
  AuditedCommand(const Context& context, const store::Journals& journals, std::string_view action,
                 Entry entry, std::string_view reason, const jobs::Record& what);
  // Writes down that it failed, unless it came to another end.
  ~AuditedCommand();
  AuditedCommand(const AuditedCommand&) = delete;
  AuditedCommand& operator=(const AuditedCommand&) = delete;

  // What it came to, beside what was begun; a summary as told to scripts will do. That it cannot be
  // written down is said in the log: what was done is done.
  void end(jobs::ExitStatus status, const jobs::Record& what);

 private:
  bool write(std::string_view result, Entry entry);

  const Context& context_;
  store::Journals journals_;
  std::string action_;
  std::string reason_;
  jobs::Record what_;
  bool is_open_ = true;
};

// Writes down what was done and has no beginning to tell. That it cannot be is said in the log.
// False then.
bool write_down(const Context& context, const store::Journals& journals, std::string_view action,
                std::string_view result, std::string_view reason, const jobs::Record& what);

jobs::Value::List as_list(const std::vector<std::string>& texts);

}  // namespace cli

// What somebody asks for over the API, as a command line. Pure.
#pragma once

#include "web-status/appliance_view.h"

#include <string>
#include <vector>

namespace appliance {

struct JobRequest {
  std::string command;
  std::vector<std::string> words;  // whole, with the command; "--name=value" for what has a value
  std::string reason;
  std::string mailbox;  // of a restore
  std::string at;       // of a restore: "latest" if nothing was said

  // The words with this restore point in place of a time.
  [[nodiscard]] std::vector<std::string> words_at(const std::string& snapshot_id) const;
};

// Error(usage) naming the member that is unknown (and the nearest), that is of the wrong kind,
// empty or missing. Null and false mean what absence does. A restore that is no dry run has a
// reason.
JobRequest job_request(const web::Fields& fields);

// A text member that has to be there. Error(usage).
std::string required_text(const web::Fields& fields, const std::string& name);
// Error(usage) naming the first member that is none of these, and the nearest.
void require_known(const web::Fields& fields, const std::vector<std::string>& known);

}  // namespace appliance

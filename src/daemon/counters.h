// What this process has done since it began, in numbers that only grow.
#pragma once

#include "src/base/clock.h"
#include "src/base/synchronized.h"
#include "src/graph/operation.h"
#include "src/jobs/job.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace appliance {

struct CountedSoFar {
  std::map<std::string, std::uint64_t> items;  // by result: "stored", "unchanged", ...
  std::map<std::pair<graph::Operation, int>, std::uint64_t> requests;  // status 0: no answer
  double throttled_seconds = 0;
  std::uint64_t check_errors = 0;
};

// Thread-safe.
class Counters {
 public:
  // Of every job that ended, once.
  void job_ended(const jobs::Job& job);
  // For graph::OnRequest.
  void request(graph::Operation operation, int status);

  [[nodiscard]] CountedSoFar so_far() const { return *counted_.lock(); }

 private:
  base::Synchronized<CountedSoFar> counted_;
};

}  // namespace appliance

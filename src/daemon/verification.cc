#include "src/daemon/verification.h"

#include "src/daemon/record_fields.h"

#include <string_view>

namespace appliance {
namespace {

// What follows "--level", in either way of writing it.
std::string_view level_of(const std::vector<std::string>& words) {
  constexpr std::string_view kOption = "--level";
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == kOption && i + 1 < words.size()) return words[i + 1];
    if (word.starts_with(kOption) && word.substr(kOption.size()).starts_with('=')) {
      return word.substr(kOption.size() + 1);
    }
  }
  return "structure";  // what the command does by itself
}

}  // namespace

std::optional<jobs::Verification> verification_of(const jobs::Job& job) {
  if (job.order.command == "drill") return jobs::Verification::drill;
  if (job.order.command != "check") return std::nullopt;
  const std::string_view level = level_of(job.order.words);
  if (level == "full") return jobs::Verification::full;
  return level == "scrub" ? jobs::Verification::scrub : jobs::Verification::structure;
}

bool came_to_a_result(const jobs::Job& job) {
  return job.state == jobs::JobState::ended && job.summary.has_value() &&
         job.end != jobs::JobEnd::cancelled && job.end != jobs::JobEnd::interrupted;
}

std::uint64_t errors_found(const jobs::Job& job) {
  if (!job.summary) return 0;
  const jobs::Record* items = record_in(*job.summary, "items");
  return count_in(*job.summary, "errors") + (items != nullptr ? count_in(*items, "failed") : 0);
}

}  // namespace appliance

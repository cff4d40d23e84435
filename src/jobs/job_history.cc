#include "src/jobs/job_history.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/jobs/told_entries.h"

#include <algorithm>
#include <fcntl.h>
#include <limits>
#include <system_error>
#include <utility>

namespace jobs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kIdDigits = 26;
constexpr std::size_t kMostJobBytes = std::size_t{64} << 20;

}  // namespace

std::vector<Job> read_jobs(const fs::path& folder) {
  std::vector<Job> all;
  std::error_code error;
  for (fs::directory_iterator next{folder, error}; !error && next != fs::directory_iterator{};
       next.increment(error)) {
    const std::string id = next->path().filename().string();
    if (id.size() != kIdDigits) continue;  // the lock, and what was set aside
    try {
      all.push_back(decode_job(base::read_file(next->path() / "job", kMostJobBytes)));
    } catch (const base::Error& problem) {
      // One that is just being made or removed has no such file.
      if (problem.kind() == base::ErrorKind::not_found) continue;
      base::log(base::LogLevel::warning, "job ", id, " cannot be read: ", problem.what());
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw base::system_error(base::text("listing '", folder.string(), "'"), error.value());
  }
  std::ranges::sort(all, std::ranges::greater{}, &Job::id);
  return all;
}

Job read_job(const fs::path& folder, std::string_view beginning) {
  std::vector<Job> found;
  for (Job& job : read_jobs(folder)) {
    if (job.id.starts_with(beginning)) found.push_back(std::move(job));
  }
  if (found.empty()) {
    throw base::Error{base::ErrorKind::not_found, base::text("there is no job '", beginning, "'")};
  }
  if (found.size() > 1) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("'", beginning, "' is the beginning of ", found.size(),
                                 " jobs: ", found[0].id, ", ", found[1].id)};
  }
  return std::move(found.front());
}

void read_told(const fs::path& folder, std::string_view id,
               const std::function<void(const Told&)>& on_told) {
  const fs::path path = folder / id / "output";
  if (std::error_code none; !fs::exists(path, none)) return;  // it told nothing yet
  const base::FileHandle file = base::open_file(path, O_RDONLY);
  read_entries(file, path, 0, std::numeric_limits<std::uint64_t>::max(), [&](const Told& told) {
    on_told(told);
    return true;
  });
}

}  // namespace jobs

// The files of a folder of jobs (job_log.h): names, reading, writing and removing.
#pragma once

#include "src/base/file.h"
#include "src/jobs/job.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

// Thread-safe for different jobs.
class JobFolder {
 public:
  // Makes it if it is not there and locks it. Error(in_use) if another process has it.
  explicit JobFolder(std::filesystem::path path);

  struct Kept {
    Job job;
    std::uint64_t output_bytes = 0;
  };
  // All that can be read; the others are set aside and told in the log, and what a killed process
  // left half made is removed.
  [[nodiscard]] std::vector<Kept> read_all();

  // Durable when it returns.
  void write(const Job& job);
  // The one for what the job told; made with its folder if it is not there.
  [[nodiscard]] base::FileHandle open_output(std::string_view id);
  // To read from; not open if the job told nothing.
  [[nodiscard]] base::FileHandle find_output(std::string_view id) const;
  [[nodiscard]] std::filesystem::path output_path(std::string_view id) const;
  // Errors are told in the log.
  void remove_output(std::string_view id);
  void remove(std::string_view id);

 private:
  [[nodiscard]] Kept read(const std::filesystem::path& folder);
  bool make_folder(std::string_view id);

  std::filesystem::path path_;
  base::FileHandle lock_;
};

// An id for a job that is ordered now, which sorts behind `newest` (empty: there is none).
std::string next_job_id(base::Instant now, std::string_view newest);

}  // namespace jobs

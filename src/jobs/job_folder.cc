#include "src/jobs/job_folder.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace jobs {
namespace {

namespace fs = std::filesystem;
using base::FileHandle;
using base::LogLevel;
using base::text;

constexpr std::string_view kJobFile = "job";
constexpr std::string_view kOutputFile = "output";
constexpr std::string_view kLockFile = "lock";
constexpr std::string_view kSetAside = ".unreadable";
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kIdDigits = 26;
constexpr std::size_t kTimeDigits = 10;
constexpr std::size_t kMostJobBytes = std::size_t{64} << 20;

std::string quoted(const fs::path& path) { return text("'", path.string(), "'"); }

bool is_job_id(std::string_view name) {
  return name.size() == kIdDigits && name.find_first_not_of(kDigits) == std::string_view::npos;
}

base::Instant time_of(std::string_view id) {
  std::int64_t milliseconds = 0;
  for (const char digit : id.substr(0, kTimeDigits)) {
    milliseconds = milliseconds * 32 + static_cast<std::int64_t>(kDigits.find(digit));
  }
  return base::from_milliseconds(milliseconds);
}

// With all that is missing above it; whether it was missing itself.
bool make_private(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return true;
  if (errno == ENOENT && path.has_parent_path() && path.parent_path() != path) {
    make_private(path.parent_path());
    if (::mkdir(path.c_str(), 0700) == 0) return true;
  }
  if (errno != EEXIST) throw base::system_error(text("making ", quoted(path)), errno);
  return false;
}

FileHandle locked(const fs::path& folder) {
  const fs::path path = folder / kLockFile;
  FileHandle file = base::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) throw base::system_error(text("locking ", quoted(path)), errno);
  throw base::Error{base::ErrorKind::in_use,
                    text("the jobs in ", quoted(folder), " are those of another process")};
}

// What replace_file() leaves when it is killed.
void remove_temporaries(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator{folder}) {
    if (entry.path().extension() == ".tmp") fs::remove(entry.path());
  }
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) base::log(LogLevel::warning, "removing ", quoted(path), ": ", error.message());
}

void set_aside(const fs::path& folder, const base::Error& problem) {
  fs::path aside = folder;
  aside += kSetAside;
  std::error_code error;
  fs::rename(folder, aside, error);
  base::log(LogLevel::error, "the job in ", quoted(folder),
            " cannot be read and is left out: ", problem.what(),
            error ? "; it stays where it is: " : "; set aside as ",
            error ? error.message() : quoted(aside));
}

}  // namespace

JobFolder::JobFolder(fs::path path) : path_(std::move(path)) {
  if (make_private(path_)) base::sync_directory(path_ / "..");
  lock_ = locked(path_);
}

std::vector<JobFolder::Kept> JobFolder::read_all() {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator next{path_, error}; !error && next != fs::directory_iterator{};
       next.increment(error)) {
    if (is_job_id(next->path().filename().string()) &&
        next->symlink_status().type() == fs::file_type::directory) {
      folders.push_back(next->path());
    }
  }
  if (error) throw base::system_error(text("listing ", quoted(path_)), error.value());
  std::vector<Kept> all;
  for (const fs::path& folder : folders) {
    try {
      remove_temporaries(folder);
      // Of a job that was never added, or is removed but for this.
      if (::rmdir(folder.c_str()) == 0) continue;
      all.push_back(read(folder));
    } catch (const std::exception&) {
      set_aside(folder, base::current_error());
    }
  }
  return all;
}

JobFolder::Kept JobFolder::read(const fs::path& folder) {
  Kept kept;
  kept.job = decode_job(base::read_file(folder / kJobFile, kMostJobBytes));
  if (kept.job.id != folder.filename().string()) {
    throw base::Error{base::ErrorKind::corrupt, text("it is the job ", kept.job.id)};
  }
  std::error_code none;
  const std::uintmax_t size = fs::file_size(folder / kOutputFile, none);
  kept.output_bytes = none ? 0 : size;
  return kept;
}

bool JobFolder::make_folder(std::string_view id) { return make_private(path_ / id); }

void JobFolder::write(const Job& job) {
  const bool is_new = make_folder(job.id);
  base::replace_file(path_ / job.id / kJobFile, encode_job(job));
  if (is_new) base::sync_directory(path_);
}

FileHandle JobFolder::open_output(std::string_view id) {
  make_folder(id);
  return base::open_file(output_path(id), O_RDWR | O_CREAT);
}

FileHandle JobFolder::find_output(std::string_view id) const {
  const fs::path path = output_path(id);
  std::error_code error;
  if (!fs::exists(path, error) && !error) return {};
  return base::open_file(path, O_RDONLY);
}

fs::path JobFolder::output_path(std::string_view id) const { return path_ / id / kOutputFile; }

void JobFolder::remove_output(std::string_view id) { remove_file(output_path(id)); }

void JobFolder::remove(std::string_view id) {
  // In this order: a job without its output is whole, an output without its job is not.
  remove_output(id);
  remove_file(path_ / id / kJobFile);
  remove_file(path_ / id);
}

std::string next_job_id(base::Instant now, std::string_view newest) {
  std::string id = base::new_ulid(now);
  if (id > newest) return id;
  return base::new_ulid(time_of(newest) + base::Duration{1});
}

}  // namespace jobs

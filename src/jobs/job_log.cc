#include "src/jobs/job_log.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/synchronized.h"
#include "src/base/text.h"
#include "src/jobs/job_folder.h"
#include "src/jobs/told_entries.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <set>
#include <unistd.h>
#include <utility>

namespace jobs {
namespace {

using base::Error;
using base::ErrorKind;
using base::LogLevel;

// Of what one job told and the disk did not take.
constexpr std::size_t kMostUnwrittenBytes = std::size_t{4} << 20;
constexpr std::size_t kMostSkipped = 256;

struct Entry {
  Job job;
  // What it told: the file up to here, then what could not be written to it.
  std::uint64_t output_bytes = 0;
  base::Bytes unwritten;
};

using Table = std::map<std::string, Entry, std::less<>>;

Entry& entry_of(Table& table, std::string_view id) {
  const auto found = table.find(id);
  if (found == table.end()) {
    throw Error{ErrorKind::not_found, base::text("there is no job '", base::printable(id), "'")};
  }
  return found->second;
}

// The only one that changes its entry's output.
class FileOutput final : public JobLog::Output {
 public:
  FileOutput(std::string id, JobFolder& folder, base::Synchronized<Table>& table)
      : id_(std::move(id)), path_(folder.output_path(id_)), folder_(folder), table_(table) {
    try {
      open();
    } catch (const Error& error) {
      complain(error);
    }
  }
  ~FileOutput() override {
    try {
      if (!write({})) return;
      base::sync_file(file_, path_);
    } catch (const Error& error) {
      complain(error);
    }
  }
  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;

  void tell(const Told& told) override {
    try {
      const base::Bytes entry = encode_entry(told);
      // A full disk is not asked at every word.
      if (left_to_skip_ > 0) {
        --left_to_skip_;
        keep(entry);
      } else if (write(entry)) {
        skipped_ = 0;
      } else {
        left_to_skip_ = skipped_ = std::min(2 * skipped_ + 1, kMostSkipped);
        keep(entry);
      }
    } catch (const Error& error) {
      complain(error);
    }
  }

 private:
  // Finds the end of what earlier attempts told and drops what was cut behind it.
  void open() {
    file_ = folder_.open_output(id_);
    const std::uint64_t end = end_of_entries(file_, path_);
    const off_t size = ::lseek(file_.get(), 0, SEEK_END);
    if (size > 0 && static_cast<std::uint64_t>(size) > end) {
      base::log(LogLevel::warning, "the last ", static_cast<std::uint64_t>(size) - end,
                " bytes of '", path_.string(),
                "' were cut when they were written; they are left out");
      if (::ftruncate(file_.get(), static_cast<off_t>(end)) != 0) {
        throw base::system_error(base::text("writing '", path_.string(), "'"), errno);
      }
    }
    auto table = table_.lock();
    Entry& entry = entry_of(*table, id_);
    // What is in memory only continues what the file held when that was found to be whole.
    if (entry.unwritten.empty()) entry.output_bytes = end;
    is_ready_ = true;
  }

  // What could not be written before, then the entry. False if it could not be.
  bool write(base::ByteView entry) {
    try {
      if (!is_ready_) open();
      base::Bytes before = unwritten();
      if (!before.empty()) append(before, true);
      if (!entry.empty()) append(entry, false);
      return true;
    } catch (const Error& error) {
      complain(error);
      return false;
    }
  }

  [[nodiscard]] base::Bytes unwritten() const {
    auto table = table_.lock();
    return entry_of(*table, id_).unwritten;
  }

  void append(base::ByteView bytes, bool was_unwritten) {
    const std::uint64_t offset = [&] {
      auto table = table_.lock();
      return entry_of(*table, id_).output_bytes;
    }();
    // Over what a write that failed may have left.
    if (::lseek(file_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
      throw base::system_error(base::text("writing '", path_.string(), "'"), errno);
    }
    base::write_all(file_, bytes, path_);
    auto table = table_.lock();
    Entry& entry = entry_of(*table, id_);
    entry.output_bytes += bytes.size();
    if (was_unwritten) entry.unwritten = {};
  }

  void keep(base::ByteView entry) {
    auto table = table_.lock();
    base::Bytes& unwritten = entry_of(*table, id_).unwritten;
    if (unwritten.size() + entry.size() <= kMostUnwrittenBytes) {
      base::append(unwritten, entry);
    } else if (!std::exchange(has_lost_, true)) {
      base::log(LogLevel::warning, "some of what the job ", id_, " tells is lost");
    }
  }

  void complain(const Error& error) {
    if (std::exchange(has_complained_, true)) return;
    base::log(LogLevel::warning, "what the job ", id_,
              " tells cannot be written; the job goes on: ", error.what());
  }

  std::string id_;
  std::filesystem::path path_;
  JobFolder& folder_;
  base::Synchronized<Table>& table_;
  base::FileHandle file_;
  bool is_ready_ = false;
  bool has_complained_ = false;
  bool has_lost_ = false;
  std::size_t skipped_ = 0;  // entries that were not tried after the last failure
  std::size_t left_to_skip_ = 0;
};

struct Excess {
  std::vector<std::string> jobs;
  std::vector<std::string> outputs;  // of jobs that stay
};

// What of the table is beyond the limits; it is no longer there.
Excess take_excess(Table& table, const JobLogLimits& limits, base::Instant now) {
  Excess excess;
  std::uint64_t bytes = 0;
  std::string newest;  // what it told stays, however much that is
  for (const auto& [id, entry] : table) {
    if (entry.job.state != JobState::ended) continue;
    bytes += entry.output_bytes;
    newest = id;
  }
  for (auto next = table.begin(); next != table.end();) {
    auto& [id, entry] = *next;
    if (entry.job.state != JobState::ended) {
      ++next;
    } else if (table.size() > limits.most_jobs || entry.job.ended.value() + limits.kept_for < now) {
      bytes -= entry.output_bytes;
      excess.jobs.push_back(id);
      next = table.erase(next);
    } else {
      if (bytes > limits.most_output_bytes && entry.output_bytes > 0 && id != newest) {
        bytes -= std::exchange(entry.output_bytes, 0);
        excess.outputs.push_back(id);
      }
      ++next;
    }
  }
  return excess;
}

}  // namespace

struct JobLog::Parts {
  Parts(std::filesystem::path path, const JobLogLimits& these)
      : folder(std::move(path)), limits(these) {
    auto locked = table.lock();
    for (JobFolder::Kept& kept : folder.read_all()) {
      std::string id = kept.job.id;
      locked->emplace(std::move(id), Entry{std::move(kept.job), kept.output_bytes, {}});
    }
  }

  // Writes the job as the table has it, and with it those that could not be written before. To be
  // called, as the other two, with `writing` held.
  void write(const std::string& id) {
    if (write_one(id)) write_again();
  }

  void write_again() {
    const std::set<std::string> all = unwritten;
    for (const std::string& id : all) write_one(id);
  }

  bool write_one(const std::string& id) {
    std::optional<Job> job;
    {
      auto locked = table.lock();
      const auto found = locked->find(id);
      if (found != locked->end()) job = found->second.job;
    }
    try {
      if (job) folder.write(*job);
      unwritten.erase(id);
      return true;
    } catch (const Error& error) {
      if (unwritten.insert(id).second) {
        base::log(
            LogLevel::warning, "the job ", id,
            " cannot be written and is kept in memory; it runs all the same, but is not known "
            "after a restart as it is now: ",
            error.what());
      }
      return false;
    }
  }

  JobFolder folder;
  const JobLogLimits limits;
  // Held while files of jobs are written or removed; the table never is meanwhile.
  std::mutex writing;
  std::set<std::string> unwritten;  // as they are now; with `writing` held
  mutable base::Synchronized<Table> table;
};

JobLog::JobLog(std::filesystem::path folder, const JobLogLimits& limits)
    : parts_(std::make_unique<Parts>(std::move(folder), limits)) {}

JobLog::~JobLog() = default;

Job JobLog::add(const JobOrder& order, base::Instant now) {
  const std::lock_guard writing{parts_->writing};
  Job job;
  {
    auto table = parts_->table.lock();
    job.id = next_job_id(now, table->empty() ? "" : table->rbegin()->first);
    job.order = order;
    job.queued = now;
    table->emplace(job.id, Entry{job, 0, {}});
  }
  parts_->write(job.id);
  return job;
}

void JobLog::update(const Job& job) {
  const bool is_ended = job.state == JobState::ended;
  base::check(is_ended == job.end.has_value() && is_ended == job.ended.has_value(),
              "an ended job says how and when it ended, and no other");
  Job kept = shortened(job);
  const std::lock_guard writing{parts_->writing};
  {
    auto table = parts_->table.lock();
    entry_of(*table, job.id).job = std::move(kept);
  }
  parts_->write(job.id);
}

std::optional<Job> JobLog::find(std::string_view id) const {
  auto table = parts_->table.lock();
  const auto found = table->find(id);
  return found == table->end() ? std::nullopt : std::optional{found->second.job};
}

std::vector<Job> JobLog::list(std::string_view after, std::size_t limit,
                              const std::function<bool(const Job&)>& wanted) const {
  auto table = parts_->table.lock();
  std::vector<Job> listed;
  auto next = std::make_reverse_iterator(after.empty() ? table->end() : table->lower_bound(after));
  for (; next != table->rend() && listed.size() < limit; ++next) {
    const Job& job = next->second.job;
    if (!wanted || wanted(job)) listed.push_back(job);
  }
  return listed;
}

std::vector<Job> JobLog::open_jobs() const {
  auto table = parts_->table.lock();
  std::vector<Job> open;
  for (const auto& [id, entry] : *table) {
    if (entry.job.state != JobState::ended) open.push_back(entry.job);
  }
  return open;
}

void JobLog::tidy(base::Instant now) {
  const std::lock_guard writing{parts_->writing};
  Excess excess;
  {
    auto table = parts_->table.lock();
    excess = take_excess(*table, parts_->limits, now);
  }
  for (const std::string& id : excess.outputs) parts_->folder.remove_output(id);
  for (const std::string& id : excess.jobs) parts_->folder.remove(id);
  parts_->write_again();
}

std::unique_ptr<JobLog::Output> JobLog::open_output(std::string_view id) {
  {
    auto table = parts_->table.lock();
    entry_of(*table, id);
  }
  return std::make_unique<FileOutput>(std::string{id}, parts_->folder, parts_->table);
}

std::uint64_t JobLog::read_output(std::string_view id, std::uint64_t offset,
                                  const std::function<bool(const Told&)>& on_told) const {
  std::uint64_t in_file = 0;
  base::Bytes in_memory;
  {
    auto table = parts_->table.lock();
    const Entry& entry = entry_of(*table, id);
    in_file = entry.output_bytes;
    in_memory = entry.unwritten;
  }
  bool wants_more = true;
  const auto read_one = [&](const Told& told) { return wants_more = on_told(told); };
  if (offset < in_file) {
    const base::FileHandle file = parts_->folder.find_output(id);
    if (!file.is_open()) return offset;
    offset = read_entries(file, parts_->folder.output_path(id), offset, in_file, read_one);
  }
  if (!wants_more || offset < in_file) return offset;
  return in_file + read_entries(in_memory, offset - in_file, read_one);
}

}  // namespace jobs

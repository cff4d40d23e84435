#include "src/jobs/job_log.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using Kind = jobs::Told::Kind;

jobs::JobOrder order(const std::string& title = "Backup") {
  jobs::JobOrder order;
  order.words = {"backup"};
  order.command = "backup";
  order.title = title;
  return order;
}

jobs::Told line(const std::string& text) { return {Kind::line, {}, text}; }

struct Fixture {
  explicit Fixture(jobs::JobLogLimits these = {}) : limits(these) { open(); }

  void open() {
    log.reset();
    log.emplace(folder, limits);
  }
  jobs::Job add(const std::string& title = "Backup") { return log->add(order(title), clock.now()); }
  jobs::Job add_ended(const std::string& text = "") {
    jobs::Job job = add();
    if (!text.empty()) tell(job.id, {text});
    job.state = jobs::JobState::ended;
    job.end = jobs::JobEnd::complete;
    job.ended = clock.now();
    log->update(job);
    return job;
  }
  void tell(const std::string& id, const std::vector<std::string>& lines) {
    const auto output = log->open_output(id);
    for (const std::string& text : lines) output->tell(line(text));
  }
  std::vector<std::string> told(const std::string& id) {
    std::vector<std::string> all;
    log->read_output(id, 0, [&](const jobs::Told& told) {
      all.push_back(told.text);
      return true;
    });
    return all;
  }
  // As a disk that takes nothing: in the folder's place is a file.
  void break_disk() {
    fs::rename(folder, directory / "away");
    base::replace_file(folder, {});
  }
  void mend_disk() {
    fs::remove(folder);
    fs::rename(directory / "away", folder);
  }

  test::TemporaryDirectory directory;
  fs::path folder = directory / "state" / "jobs";
  test::VirtualClock clock;
  jobs::JobLogLimits limits;
  std::optional<jobs::JobLog> log;
};

std::vector<std::string> ids(const std::vector<jobs::Job>& all) {
  std::vector<std::string> ids;
  for (const jobs::Job& job : all) ids.push_back(job.id);
  return ids;
}

}  // namespace

TEST_CASE("a job outlives the process that added it", "[jobs][log]") {
  Fixture fixture;
  jobs::Job job = fixture.add("first");
  job.state = jobs::JobState::running;
  job.attempts = 7;
  fixture.log->update(job);
  fixture.tell(job.id, {"one", "two"});
  fixture.open();
  const auto found = fixture.log->find(job.id);
  REQUIRE(found);
  CHECK(found->order.title == "first");
  CHECK(found->state == jobs::JobState::running);
  CHECK(found->attempts == 7);
  CHECK(ids(fixture.log->open_jobs()) == std::vector{job.id});
  CHECK(fixture.told(job.id) == std::vector<std::string>{"one", "two"});
}

TEST_CASE("nobody else can look into a folder of jobs", "[jobs][log]") {
  Fixture fixture;
  const jobs::Job job = fixture.add();
  const auto mode = [](const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
  };
  CHECK(mode(fixture.folder) == 0700);
  CHECK(mode(fixture.folder.parent_path()) == 0700);
  CHECK(mode(fixture.folder / job.id / "job") == 0600);
}

TEST_CASE("a folder of jobs belongs to one process", "[jobs][log]") {
  Fixture fixture;
  try {
    jobs::JobLog{fixture.folder, {}};
    FAIL("it was taken from its owner");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::in_use);
  }
}

TEST_CASE("jobs are listed newest first, whatever is done to the clock", "[jobs][log]") {
  Fixture fixture;
  std::vector<std::string> added;
  for (int i = 0; i < 5; ++i) {
    added.insert(added.begin(), fixture.add(i % 2 == 0 ? "even" : "odd").id);
    if (i == 2) fixture.clock.set(fixture.clock.now() - std::chrono::hours{24});
    if (i == 3) fixture.open();
  }
  CHECK(ids(fixture.log->list("", 100)) == added);
  CHECK(ids(fixture.log->list("", 2)) == std::vector{added[0], added[1]});
  CHECK(ids(fixture.log->list(added[1], 2)) == std::vector{added[2], added[3]});
  CHECK(fixture.log->list(added[4], 2).empty());
  const auto is_odd = [](const jobs::Job& job) { return job.order.title == "odd"; };
  CHECK(ids(fixture.log->list("", 1, is_odd)) == std::vector{added[1]});
  CHECK(ids(fixture.log->list(added[1], 5, is_odd)) == std::vector{added[3]});
}

TEST_CASE("a job that nobody added is not found", "[jobs][log]") {
  Fixture fixture;
  jobs::Job job = fixture.add();
  job.id = "other";
  CHECK_FALSE(fixture.log->find("other"));
  CHECK_THROWS_AS(fixture.log->update(job), Error);
  CHECK_THROWS_AS(fixture.log->open_output("other"), Error);
  CHECK_THROWS_AS(fixture.told("other"), Error);
}

TEST_CASE("a job that cannot be read is set aside and keeps nobody from working", "[jobs][log]") {
  Fixture fixture;
  const jobs::Job good = fixture.add();
  const jobs::Job bad = fixture.add();
  const fs::path folder = fixture.folder / bad.id;
  SECTION("damaged") { base::replace_file(folder / "job", base::as_bytes("garbage")); }
  SECTION("of another id") {
    fs::copy_file(fixture.folder / good.id / "job", folder / "job",
                  fs::copy_options::overwrite_existing);
  }
  SECTION("gone, but not what it told") {
    fixture.tell(bad.id, {"one"});
    fs::remove(folder / "job");
  }
  fixture.open();
  CHECK(ids(fixture.log->list("", 9)) == std::vector{good.id});
  CHECK(fs::exists(fixture.folder / (bad.id + ".unreadable")));
  CHECK_FALSE(fs::exists(folder));
  fixture.open();
  CHECK(ids(fixture.log->list("", 9)) == std::vector{good.id});
}

TEST_CASE("what a killed process left half made is removed", "[jobs][log]") {
  Fixture fixture;
  const jobs::Job job = fixture.add();
  base::replace_file(fixture.folder / job.id / "job.1234.tmp", base::as_bytes("half"));
  const std::string never_added = "01" + std::string(24, 'a');
  fs::create_directory(fixture.folder / never_added);
  fixture.open();
  CHECK_FALSE(fs::exists(fixture.folder / job.id / "job.1234.tmp"));
  CHECK_FALSE(fs::exists(fixture.folder / never_added));
  CHECK(fixture.log->find(job.id));
}

TEST_CASE("a cut end of what a job told is left out and written over", "[jobs][log]") {
  Fixture fixture;
  const jobs::Job job = fixture.add();
  fixture.tell(job.id, {"one", "two"});
  const fs::path path = fixture.folder / job.id / "output";
  const std::uintmax_t whole = fs::file_size(path);
  const std::uintmax_t first = whole / 2;  // both are as long
  std::vector<std::string> left{"one", "two"};
  SECTION("nothing is cut") {}
  SECTION("anywhere within the last entry") {
    const auto end = GENERATE_COPY(range<std::uintmax_t>(0, whole / 2));
    fs::resize_file(path, first + end);
    left = {"one"};
  }
  SECTION("zeros where its end should be, as after a power cut") {
    fs::resize_file(path, whole - 1);
    fs::resize_file(path, whole + 4096);
    left = {"one"};
  }
  SECTION("garbage behind it") {
    const auto file = base::open_file(path, O_WRONLY | O_APPEND);
    base::write_all(file, base::as_bytes("garbage of a power cut"), path);
  }
  fixture.open();
  CHECK(fixture.told(job.id) == left);
  fixture.tell(job.id, {"three"});
  left.emplace_back("three");
  CHECK(fixture.told(job.id) == left);
  fixture.open();
  CHECK(fixture.told(job.id) == left);
}

TEST_CASE("what a job tells can be read from any offset on while it is told", "[jobs][log]") {
  Fixture fixture;
  const jobs::Job job = fixture.add();
  const auto output = fixture.log->open_output(job.id);
  std::string read;
  const auto on_told = [&](const jobs::Told& told) {
    read += told.text;
    return told.text != "b";
  };
  std::uint64_t offset = fixture.log->read_output(job.id, 0, on_told);
  CHECK(offset == 0);
  for (const char* text : {"a", "b", "c"}) output->tell(line(text));
  offset = fixture.log->read_output(job.id, offset, on_told);
  CHECK(read == "ab");
  offset = fixture.log->read_output(job.id, offset, on_told);
  CHECK(read == "abc");
  output->tell(line("d"));
  CHECK(fixture.log->read_output(job.id, offset, on_told) > offset);
  CHECK(read == "abcd");
}

TEST_CASE("a job is taken and run on a disk that takes nothing", "[jobs][log]") {
  Fixture fixture;
  fixture.break_disk();
  jobs::Job job = fixture.add("restore");
  job.attempts = 1;
  fixture.log->update(job);
  fixture.tell(job.id, {"two"});
  CHECK(fixture.log->find(job.id)->attempts == 1);
  CHECK(fixture.told(job.id) == std::vector<std::string>{"two"});

  SECTION("and written once the disk works again") {
    fixture.mend_disk();
    fixture.log->tidy(fixture.clock.now());
    fixture.tell(job.id, {"three"});
    CHECK(fixture.told(job.id) == std::vector<std::string>{"two", "three"});
    fixture.open();
    REQUIRE(fixture.log->find(job.id));
    CHECK(fixture.log->find(job.id)->attempts == 1);
    CHECK(fixture.told(job.id) == std::vector<std::string>{"two", "three"});
  }
  SECTION("or with the next job that can be written") {
    fixture.mend_disk();
    fixture.add();
    fixture.open();
    CHECK(fixture.log->find(job.id));
  }
}

TEST_CASE("what a full disk does not take of a job's words is read from memory", "[jobs][log]") {
  Fixture fixture;
  const jobs::Job job = fixture.add();
  const fs::path path = fixture.folder / job.id / "output";
  fs::create_symlink("/dev/full", path);
  std::vector<std::string> all;
  {
    const auto output = fixture.log->open_output(job.id);
    for (int i = 0; i < 1000; ++i) {
      all.push_back(std::to_string(i));
      output->tell(line(all.back()));
    }
    CHECK(fixture.told(job.id) == all);
    // More than is kept: what came first stays, and the job is not held up.
    for (int i = 0; i < 100; ++i) output->tell(line(std::string(100'000, 'x')));
    CHECK(fixture.told(job.id).size() < 1050);
  }
  const std::vector<std::string> kept = fixture.told(job.id);
  fs::remove(path);
  fixture.tell(job.id, {"last"});
  CHECK(fs::file_size(path) > 0);
  CHECK(fixture.told(job.id).size() == kept.size() + 1);
  fixture.open();
  CHECK(fixture.told(job.id).size() == kept.size() + 1);
  CHECK(fixture.told(job.id).back() == "last");
}

TEST_CASE("ended jobs beyond the limits are dropped, the oldest first", "[jobs][log]") {
  Fixture fixture{{3, 1 << 20, std::chrono::hours{24}}};
  const jobs::Job open = fixture.add();
  const jobs::Job first = fixture.add_ended("one");
  const jobs::Job second = fixture.add_ended();
  fixture.log->tidy(fixture.clock.now());
  CHECK(fixture.log->list("", 9).size() == 3);
  const jobs::Job third = fixture.add_ended();
  fixture.log->tidy(fixture.clock.now());
  CHECK(ids(fixture.log->list("", 9)) == std::vector{third.id, second.id, open.id});
  CHECK_FALSE(fs::exists(fixture.folder / first.id));
  fixture.clock.advance(std::chrono::hours{25});
  fixture.log->tidy(fixture.clock.now());
  CHECK(ids(fixture.log->list("", 9)) == std::vector{open.id});
  fixture.open();
  CHECK(ids(fixture.log->list("", 9)) == std::vector{open.id});
}

TEST_CASE("what old jobs told is dropped beyond the limit, but not the jobs", "[jobs][log]") {
  Fixture fixture{{100, 250'000, std::chrono::hours{24}}};
  std::vector<std::string> all;
  for (int i = 0; i < 4; ++i) all.push_back(fixture.add_ended(std::string(100'000, 'x')).id);
  fixture.log->tidy(fixture.clock.now());
  CHECK(fixture.told(all[0]).empty());
  CHECK(fixture.told(all[1]).empty());
  CHECK(fixture.told(all[2]).size() == 1);
  CHECK(fixture.log->list("", 9).size() == 4);
  // The newest is kept, however long it is.
  const std::string newest = fixture.add_ended(std::string(300'000, 'x')).id;
  fixture.log->tidy(fixture.clock.now());
  CHECK(fixture.told(all[3]).empty());
  CHECK(fixture.told(newest).size() == 1);
}

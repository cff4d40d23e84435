#include "store/local_backend.h"

#include "src/base/file.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"
#include "tests/support/temporary_directory.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace {

using base::ErrorKind;
using store::Backend;
using store::open_local;
using test::failure_of;
namespace fs = std::filesystem;

Backend::Put put(Backend& backend, const std::string& name, const base::Bytes& content) {
  const base::ByteView view = content;
  return backend.put_if_absent(name, {&view, 1});
}

std::size_t files_below(const fs::path& path) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator{path}) files += entry.is_regular_file();
  return files;
}

// Files cannot grow beyond this while it lives: a disk that runs out in the middle of a write.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    static_cast<void>(std::signal(SIGXFSZ, handler_));
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_CASE("the directory of a prune's notes goes with the last of them", "[store][local]") {
  const test::TemporaryDirectory directory;
  const auto backend = open_local(directory.path());
  put(*backend, "gc/0000000000000001/plan", test::noise(1, 10));
  put(*backend, "gc/0000000000000001/done", test::noise(2, 10));
  put(*backend, "pack/d/ab/abcd", test::noise(3, 10));
  backend->remove("gc/0000000000000001/plan");
  CHECK(fs::exists(directory / "gc/0000000000000001"));
  backend->remove("gc/0000000000000001/done");
  CHECK_FALSE(fs::exists(directory / "gc/0000000000000001"));
  CHECK(fs::exists(directory / "gc"));
  backend->remove("pack/d/ab/abcd");
  CHECK(fs::exists(directory / "pack/d/ab"));
}

TEST_CASE("a note is published although its directory is removed just then", "[store][local]") {
  const test::TemporaryDirectory directory;
  const auto backend = open_local(directory.path());
  const auto come_and_go = [&](const std::string& name) {
    bool all_stored = true;
    for (std::uint64_t i = 0; i < 300; ++i) {
      const bool stored = put(*backend, name, test::noise(i, 10)) == Backend::Put::stored &&
                          backend->size_bytes(name).has_value();
      all_stored = all_stored && stored;
      backend->remove(name);
    }
    return all_stored;
  };
  bool other_all_stored = false;
  std::thread other{[&] { other_all_stored = come_and_go("gc/0000000000000001/plan"); }};
  const bool all_stored = come_and_go("gc/0000000000000001/done");
  other.join();
  CHECK(all_stored);
  CHECK(other_all_stored);
}

TEST_CASE("what others publish outlives a writer that comes just then", "[store][local]") {
  const test::TemporaryDirectory directory;
  const auto backend = open_local(directory.path());
  put(*backend, "audit/first", test::noise(1, 10));
  // Fewer than anybody tries again: who takes the lock clears what others are about to publish.
  constexpr std::uint64_t kWriters = 12;
  std::atomic<std::uint64_t> stored{0};
  std::thread writers{[&] {
    const auto other = open_local(directory.path());
    for (std::uint64_t i = 1; i <= kWriters; ++i) {
      while (stored < i * 40) std::this_thread::yield();
      const auto lock = other->lock_for_writing();
    }
  }};
  bool all_stored = true;
  try {
    for (std::uint64_t i = 0; i < 500; ++i) {
      all_stored &=
          put(*backend, "audit/" + std::to_string(i), test::noise(i, 10)) == Backend::Put::stored;
      backend->replace("scrub/verified", test::noise(i, 20));
      ++stored;
    }
  } catch (const base::Error& error) {
    FAIL_CHECK(error.what());
    stored = 500;
  }
  writers.join();
  CHECK(all_stored);
  CHECK(files_below(directory / "audit") == 501);
}

TEST_CASE("a store in a directory is its owner's alone", "[store][local]") {
  const test::TemporaryDirectory directory;
  const auto backend = open_local(directory / "a" / "store");
  put(*backend, "pack/d/ab/abcd", test::noise(1, 10));
  const auto lock = backend->lock_for_writing();
  for (const char* name : {"", "pack", "pack/d/ab", "tmp"}) {
    struct stat status {};
    REQUIRE(::stat((directory / "a/store" / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);
  }
  for (const char* name : {"pack/d/ab/abcd", "lock"}) {
    struct stat status {};
    REQUIRE(::stat((directory / "a/store" / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
  }
}

TEST_CASE("a store that is taken away while it is used is not begun anew", "[store][local]") {
  const test::TemporaryDirectory directory;
  const std::filesystem::path path = directory / "store";
  const auto backend = open_local(path);
  put(*backend, "pack/d/ab/abcd", test::noise(1, 10));
  std::filesystem::rename(path, directory / "elsewhere");
  const auto failure = [&] {
    return test::failure_of([&] { put(*backend, "pack/d/ab/abce", test::noise(2, 10)); }).kind;
  };
  CHECK(failure() == base::ErrorKind::disk);
  CHECK_FALSE(std::filesystem::exists(path));
  std::filesystem::create_directory(path);  // as a mount point would be
  CHECK(failure() == base::ErrorKind::disk);
  CHECK(test::failure_of([&] { backend->keep_reserve(1000); }).kind == base::ErrorKind::disk);
  CHECK(test::failure_of([&] { backend->discard("pack/d/ab/abcd", 1); }).kind ==
        base::ErrorKind::disk);
  CHECK(std::filesystem::is_empty(path));
}

TEST_CASE("links inside a store are not followed", "[store][local]") {
  const test::TemporaryDirectory directory;
  const auto backend = open_local(directory / "store");
  put(*backend, "conf/0", test::noise(1, 10));
  fs::create_directory(directory / "outside");
  base::replace_file(directory / "outside/secret", test::noise(2, 10));
  fs::create_directory_symlink(directory / "outside", directory / "store/pack");
  fs::create_symlink(directory / "outside/secret", directory / "store/conf/1");

  CHECK_THROWS_AS(backend->read("conf/1", 0, 1), base::Error);
  CHECK_THROWS_AS(backend->read("pack/secret", 0, 1), base::Error);
  CHECK_THROWS_AS(put(*backend, "pack/new", test::noise(3, 1)), base::Error);
  std::size_t listed = 0;
  backend->list("", [&](const std::string& name, std::uint64_t) {
    CHECK(name == "conf/0");
    ++listed;
  });
  CHECK(listed == 1);
  CHECK(files_below(directory / "outside") == 1);
}

TEST_CASE("names that are none are our own mistake", "[store][local]") {
  const test::TemporaryDirectory directory;
  const auto backend = open_local(directory / "store");
  for (const char* name : {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "A", "a b", ".hidden",
                           "tmp/x", "lock"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(put(*backend, name, {}), std::logic_error);
    CHECK_THROWS_AS(backend->read(name, 0, 0), std::logic_error);
  }
}

TEST_CASE("leftovers of a crash go when the next writer comes", "[store][local]") {
  const test::TemporaryDirectory directory;
  const auto backend = open_local(directory / "store");
  put(*backend, "conf/0", test::noise(1, 10));
  base::replace_file(directory / "store/tmp/0d9f-half-a-pack", test::noise(1, 1000));
  CHECK(files_below(directory / "store/tmp") == 1);
  const auto lock = backend->lock_for_writing();
  CHECK(files_below(directory / "store/tmp") == 0);
  CHECK(backend->read("conf/0", 0, 10) == test::noise(1, 10));
}

TEST_CASE("who holds the lock is named, and its death frees it", "[store][local]") {
  const test::TemporaryDirectory directory;
  const auto ours = open_local(directory / "store");
  const auto theirs = open_local(directory / "store");
  auto lock = ours->lock_for_writing();
  const auto failure = failure_of([&] { static_cast<void>(theirs->lock_for_writing()); });
  CHECK(failure.kind == ErrorKind::in_use);
  CHECK(failure.what.find("process " + std::to_string(::getpid()) + " on ") != std::string::npos);
  lock = nullptr;
  // A process that died without a word leaves its name behind, but not the lock.
  base::replace_file(directory / "store/lock", base::as_bytes("process 1 on nowhere\n"));
  CHECK_NOTHROW(lock = theirs->lock_for_writing());
}

TEST_CASE("a place that is no directory is said so", "[store][local]") {
  const test::TemporaryDirectory directory;
  base::replace_file(directory / "file", {});
  const auto backend = open_local(directory / "file");
  CHECK(failure_of([&] { put(*backend, "conf/0", {}); }).kind == ErrorKind::usage);
  CHECK(failure_of([&] { static_cast<void>(backend->size_bytes("conf/0")); }).kind ==
        ErrorKind::usage);
  const auto missing = open_local(directory / "missing");
  CHECK_FALSE(missing->size_bytes("conf/0"));
  CHECK_FALSE(fs::exists(directory / "missing"));
}

TEST_CASE("a write that fails halfway leaves nothing", "[store][local]") {
  const test::TemporaryDirectory directory;
  const auto backend = open_local(directory / "store");
  put(*backend, "conf/0", test::noise(1, 10));
  {
    const FileSizeLimit limit{1000};
    CHECK(failure_of([&] { put(*backend, "pack/d/ab/abcd", test::noise(2, 5000)); }).kind ==
          ErrorKind::disk);
    CHECK(failure_of([&] { backend->replace("conf/0", test::noise(3, 5000)); }).kind ==
          ErrorKind::disk);
  }
  CHECK_FALSE(backend->size_bytes("pack/d/ab/abcd"));
  CHECK(backend->read("conf/0", 0, 10) == test::noise(1, 10));
  CHECK(files_below(directory / "store") == 1);
  CHECK(put(*backend, "pack/d/ab/abcd", test::noise(2, 5000)) == Backend::Put::stored);
}

}  // namespace

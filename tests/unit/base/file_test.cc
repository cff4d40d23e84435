#include "src/base/file.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <sys/stat.h>
#include <unistd.h>

namespace {

base::ErrorKind kind_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const base::Error& error) {
    CAPTURE(error.what());
    return error.kind();
  }
  FAIL("no error");
  return base::ErrorKind::failed;
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

std::size_t entries_of(const std::filesystem::path& directory) {
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{directory}) {
    ++entries;
  }
  return entries;
}

void write_file(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  base::replace_file(path, base::as_bytes(content));
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

// $CREDENTIALS_DIRECTORY for the time of a test.
class CredentialsDirectory {
 public:
  explicit CredentialsDirectory(const std::filesystem::path& path) {
    ::setenv("CREDENTIALS_DIRECTORY", path.c_str(), 1);
  }
  ~CredentialsDirectory() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
  CredentialsDirectory(const CredentialsDirectory&) = delete;
  CredentialsDirectory& operator=(const CredentialsDirectory&) = delete;
};

}  // namespace

TEST_CASE("a replaced file holds the new bytes and nothing lies beside it", "[base][file]") {
  const test::TemporaryDirectory directory;
  const auto path = directory / "file";
  for (const std::size_t size : {0U, 1U, 70'000U, 300'000U}) {
    const base::Bytes bytes(size, std::byte{'x'});
    base::replace_file(path, bytes);
    CHECK(base::read_file(path) == bytes);
  }
  CHECK(mode_of(path) == 0600);
  CHECK(entries_of(directory.path()) == 1);
}

TEST_CASE("a file that cannot be replaced stays as it was", "[base][file]") {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "target" / "inside");
  CHECK(kind_of([&] { base::replace_file(directory / "target", base::as_bytes("new")); }) ==
        base::ErrorKind::disk);
  CHECK(std::filesystem::is_directory(directory / "target" / "inside"));
  CHECK(entries_of(directory.path()) == 1);
}

TEST_CASE("files without a size of their own are read whole", "[base][file]") {
  CHECK(base::as_text(base::read_file("/proc/self/stat")).ends_with("\n"));
}

TEST_CASE("errors of files are classed and name the path", "[base][file]") {
  const test::TemporaryDirectory directory;
  const auto missing = directory / "missing";
  CHECK(kind_of([&] { base::read_file(missing); }) == base::ErrorKind::not_found);
  CHECK(kind_of([&] { base::read_file(directory.path()); }) == base::ErrorKind::usage);
  CHECK(kind_of([&] { base::open_file(missing, O_RDONLY); }) == base::ErrorKind::disk);
  CHECK(kind_of([&] { base::sync_directory(missing); }) == base::ErrorKind::disk);
  CHECK_THROWS_WITH(base::read_file(missing), test::contains_text(missing.string()));
  const base::FileHandle full = base::open_file("/dev/full", O_WRONLY);
  CHECK(kind_of([&] { base::write_all(full, base::as_bytes("x"), "/dev/full"); }) ==
        base::ErrorKind::full);
}

TEST_CASE("a file handle closes what it owns, once", "[base][file]") {
  base::FileHandle first = base::open_file("/dev/null", O_RDONLY);
  const int descriptor = first.get();
  CHECK((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
  base::FileHandle second = std::move(first);
  CHECK(second.get() == descriptor);
  second = base::FileHandle{};
  CHECK_FALSE(second.is_open());
  CHECK(::fcntl(descriptor, F_GETFD) == -1);
}

TEST_CASE("a secret file loses its line end only", "[base][file][secret]") {
  struct Row {
    std::string_view content;
    std::string_view secret;
  };
  const Row row = GENERATE(Row{"abc", "abc"}, Row{"abc\n", "abc"}, Row{"abc\r\n", "abc"},
                           Row{"abc\n\n", "abc\n"}, Row{" abc ", " abc "}, Row{"abc\r", "abc\r"});
  const test::TemporaryDirectory directory;
  write_file(directory / "secret", row.content, 0600);
  CHECK(base::read_secret_file(directory / "secret").text() == row.secret);
}

TEST_CASE("a secret file that others can reach is refused", "[base][file][secret]") {
  const mode_t mode = GENERATE(as<mode_t>{}, 0640, 0604, 0660, 0644, 0620, 0601, 0777);
  const test::TemporaryDirectory directory;
  write_file(directory / "secret", "abc", mode);
  CHECK(kind_of([&] { base::read_secret_file(directory / "secret"); }) == base::ErrorKind::usage);
  CHECK_THROWS_WITH(base::read_secret_file(directory / "secret"), test::contains_text("chmod 600"));
}

TEST_CASE("a credential of the service may show group rights", "[base][file][secret]") {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "credentials");
  write_file(directory / "credentials" / "secret", "abc", 0440);
  write_file(directory / "credentials" / "open", "abc", 0444);
  write_file(directory / "elsewhere", "abc", 0440);
  const CredentialsDirectory announced{directory / "credentials"};
  CHECK(kind_of([&] { base::read_secret_file(directory / "credentials" / "open"); }) ==
        base::ErrorKind::usage);
  CHECK(kind_of([&] { base::read_secret_file(directory / "elsewhere"); }) ==
        base::ErrorKind::usage);
  if (::geteuid() == 0) {  // only root's files are credentials
    CHECK(base::read_secret_file(directory / "credentials" / "secret").text() == "abc");
  } else {
    CHECK(kind_of([&] { base::read_secret_file(directory / "credentials" / "secret"); }) ==
          base::ErrorKind::usage);
  }
}

TEST_CASE("what cannot be a secret file is refused", "[base][file][secret]") {
  const test::TemporaryDirectory directory;
  write_file(directory / "empty", "", 0600);
  write_file(directory / "newline", "\n", 0600);
  write_file(directory / "large", std::string((1U << 20) + 1, 'x'), 0600);
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  const std::string name = GENERATE("missing", "empty", "newline", "large", "pipe", ".");
  CAPTURE(name);
  CHECK(kind_of([&] { base::read_secret_file(directory / name); }) == base::ErrorKind::usage);
}

TEST_CASE("what is read whole is a regular file of a bounded size", "[base][file]") {
  const test::TemporaryDirectory directory;
  const auto path = directory / "file";
  base::replace_file(path, base::as_bytes("12345"));
  CHECK(base::read_file(path, 5).size() == 5);
  CHECK_THROWS_WITH(base::read_file(path, 4), test::contains_text("larger than"));
  CHECK_THROWS_WITH(base::read_file("/dev/zero", 1000), test::contains_text("not a regular file"));
  const auto fifo = directory / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(base::read_file(fifo), test::contains_text("not a regular file"));
  // Files of the kernel have no size.
  CHECK_FALSE(base::read_file("/proc/self/status").empty());
}

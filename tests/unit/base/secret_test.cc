#include "src/base/secret.h"

#include "tests/support/catch.h"

#include <algorithm>
#include <csignal>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace {

// How a child process that ran `act` has ended, and what it wrote to standard error.
struct Fate {
  int status = -1;
  int signal = 0;
  std::string errors;
};

template <typename Act>
Fate fate_of(Act act) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    ::signal(SIGSEGV, SIG_DFL);  // not what the test program or a sanitizer makes of it
    act();
    ::_exit(0);
  }
  ::close(ends[1]);
  Fate fate;
  char buffer[512];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    fate.errors.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) fate.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) fate.signal = WTERMSIG(status);
  return fate;
}

}  // namespace

TEST_CASE("a secret moves and leaves nothing behind", "[base][secret]") {
  static_assert(!std::is_copy_constructible_v<base::Secret>);
  base::Secret first{"swordfish"};
  base::Secret second = std::move(first);
  CHECK(first.empty());
  CHECK(second.text() == "swordfish");
  base::Secret third{"other"};
  third = std::move(second);
  CHECK(second.empty());
  CHECK(third.text() == "swordfish");
  base::Secret& itself = third;
  third = std::move(itself);
  CHECK(third.text() == "swordfish");
}

TEST_CASE("a clone is a secret of its own", "[base][secret]") {
  base::Secret first{"swordfish"};
  const base::Secret second = first.clone();
  first = base::Secret{};
  CHECK(first.empty());
  CHECK(second.text() == "swordfish");
}

TEST_CASE("a secret may have any size", "[base][secret]") {
  const std::size_t size = GENERATE(0U, 1U, 4095U, 4096U, 4097U, 1U << 20);
  const base::Bytes bytes(size, std::byte{0x5a});
  const base::Secret secret{bytes};
  CHECK(secret.empty() == (size == 0));
  CHECK(base::to_bytes(secret.bytes()) == bytes);
}

TEST_CASE("a secret is made in its place", "[base][secret]") {
  const base::Secret secret = base::Secret::filled(5, [](base::MutableByteView bytes) {
    CHECK(base::to_bytes(bytes) == base::Bytes(5));
    for (std::byte& byte : bytes) byte = std::byte{'x'};
  });
  CHECK(secret.text() == "xxxxx");
  CHECK_THROWS_AS(base::Secret::filled(5, [](base::MutableByteView) { throw 1; }), int);
}

TEST_CASE("nothing reads or writes past the pages of a secret", "[base][secret]") {
  const std::size_t size = GENERATE(16U, 32U, 4096U, 8192U);
  const base::Secret secret{base::Bytes(size, std::byte{1})};
  const std::byte* const end = secret.bytes().data() + size;
  const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::byte* const begin = end - (size + page - 1) / page * page;
  const auto touch = [](const volatile std::byte* place) { static_cast<void>(*place); };

  CHECK(fate_of([&] { touch(begin), touch(end - 1); }).status == 0);
  CHECK(fate_of([&] { touch(end); }).signal == SIGSEGV);
  CHECK(fate_of([&] { touch(begin - 1); }).signal == SIGSEGV);
}

TEST_CASE("memory that cannot be locked is told once, and the secrets work", "[base][secret]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  WARN("the sanitizers' runtime answers mlock itself, and always well");
  return;
#endif
  const Fate fate = fate_of([] {
    const rlimit nothing{0, 0};
    if (::setrlimit(RLIMIT_MEMLOCK, &nothing) != 0) ::_exit(2);
    if (::geteuid() == 0 && ::seteuid(65534) != 0) ::_exit(3);  // root may lock what it likes
    const base::Secret first{"swordfish"};
    const base::Secret second{"other"};
    if (first.text() != "swordfish" || second.text() != "other") ::_exit(4);
  });
  CHECK(fate.status == 0);
  CHECK_THAT(fate.errors, test::contains_text("LimitMEMLOCK"));
  CHECK(fate.errors.find("swordfish") == std::string::npos);
  CHECK(std::ranges::count(fate.errors, '\n') == 1);
}

#include "src/base/error.h"

#include "tests/support/catch.h"

#include <cerrno>
#include <functional>
#include <future>
#include <new>
#include <set>
#include <system_error>

namespace {

base::Error translated(const std::function<void()>& fail) {
  try {
    fail();
  } catch (...) {
    return base::current_error();
  }
  throw std::logic_error{"nothing was thrown"};
}

}  // namespace

TEST_CASE("an error tells its message, then its contexts, on one line", "[base][error]") {
  base::Error error{base::ErrorKind::corrupt, "chunk 7 fails its\nchecksum"};
  error.add_context("backing up item 4").add_context("backing up mailbox a@b");
  CHECK(std::string{error.what()} ==
        "chunk 7 fails its checksum; backing up item 4; backing up mailbox a@b");
  CHECK(error.message() == "chunk 7 fails its\nchecksum");
  CHECK(error.context() == std::vector<std::string>{"backing up item 4", "backing up mailbox a@b"});
  CHECK(error.kind() == base::ErrorKind::corrupt);
}

TEST_CASE("every kind has a name of its own", "[base][error]") {
  std::set<std::string_view> names;
  const int kinds = static_cast<int>(base::ErrorKind::cancelled) + 1;
  for (int kind = 0; kind < kinds; ++kind) names.insert(name(static_cast<base::ErrorKind>(kind)));
  CHECK(names.size() == static_cast<std::size_t>(kinds));
  CHECK(name(base::ErrorKind::wrong_key) == "wrong_key");
  CHECK(name(base::ErrorKind::not_found) == "not_found");
}

TEST_CASE("errors of the system are classed by what can be done", "[base][error]") {
  CHECK(base::system_error("writing", ENOSPC).kind() == base::ErrorKind::full);
  CHECK(base::system_error("writing", EDQUOT).kind() == base::ErrorKind::full);
  CHECK(base::system_error("writing", EIO).kind() == base::ErrorKind::disk);
  CHECK(base::system_error("writing", EIO).message() == "writing: Input/output error");
}

TEST_CASE("any exception becomes an error", "[base][error]") {
  const base::Error own = translated([] {
    throw base::Error{base::Error{base::ErrorKind::denied, "no right"}.add_context("listing")};
  });
  CHECK(own.kind() == base::ErrorKind::denied);
  CHECK(own.context() == std::vector<std::string>{"listing"});
  CHECK(translated([] { throw std::bad_alloc{}; }).message() == "out of memory");
  const base::Error full = translated([] {
    throw std::system_error{ENOSPC, std::generic_category(), "copying"};
  });
  CHECK(full.kind() == base::ErrorKind::full);
  CHECK(full.message() == "copying: No space left on device");
  const base::Error foreign =
      translated([] { throw std::system_error{std::make_error_code(std::future_errc::no_state)}; });
  CHECK(foreign.kind() == base::ErrorKind::failed);
  CHECK(translated([] { throw std::runtime_error{"odd"}; }).message() == "odd");
  CHECK(translated([] { throw 7; }).kind() == base::ErrorKind::failed);
}

TEST_CASE("a broken promise of our own is a logic error", "[base][error]") {
  CHECK_NOTHROW(base::check(true, "holds"));
  CHECK_THROWS_AS(base::check(false, "holds"), std::logic_error);
}

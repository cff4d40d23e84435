#include "src/daemon/timed_backend.h"

#include "src/base/error.h"
#include "store/local_backend.h"
#include "store/memory_backend.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <filesystem>
#include <string>
#include <vector>

namespace {

using std::chrono::seconds;
using Operation = store::MemoryBackend::Operation;

void put(store::Backend& backend, std::string_view name, std::string_view content) {
  const base::ByteView part = base::as_bytes(content);
  CHECK(backend.put_if_absent(name, {&part, 1}) == store::Backend::Put::stored);
}

std::vector<std::string> names(const store::Backend& backend) {
  std::vector<std::string> all;
  backend.list("", [&](const std::string& name, std::uint64_t) { all.push_back(name); });
  return all;
}

}  // namespace

TEST_CASE("what is under way at once is waited for once", "[daemon][store_time]") {
  test::VirtualClock clock;
  appliance::StoreTimer timer{clock};
  CHECK(timer.so_far() == seconds{0});
  timer.begin();
  clock.advance(seconds{2});
  timer.begin();
  clock.advance(seconds{3});
  CHECK(timer.so_far() == seconds{5});
  timer.end();
  clock.advance(seconds{1});
  timer.end();
  clock.advance(seconds{7});
  CHECK(timer.so_far() == seconds{6});
}

TEST_CASE("writing and reading objects is timed, failures too", "[daemon][store_time]") {
  test::VirtualClock clock;
  appliance::StoreTimer timer{clock};
  auto memory = std::make_unique<store::MemoryBackend>();
  memory->set_hook([&](Operation, const std::string&) { clock.advance(seconds{1}); });
  const auto backend = appliance::timed(std::move(memory), timer);
  put(*backend, "pack/a", "content");
  CHECK(timer.so_far() == seconds{1});
  CHECK(base::as_text(backend->read("pack/a", 3, 4)) == "tent");
  CHECK_THROWS_AS(backend->read("pack/b", 0, 1), base::Error);
  CHECK(timer.so_far() == seconds{3});
  CHECK(backend->size_bytes("pack/a") == 7);
  CHECK(names(*backend) == std::vector<std::string>{"pack/a"});
  CHECK(timer.so_far() == seconds{3});
}

TEST_CASE("everything else is passed on", "[daemon][store_time]") {
  test::VirtualClock clock;
  appliance::StoreTimer timer{clock};
  test::TemporaryDirectory directory;
  const std::filesystem::path place = directory.path() / "store";
  const auto plain = store::open_local(place);
  const auto backend = appliance::timed(store::open_local(place), timer);
  CHECK(backend->describe() == plain->describe());
  put(*backend, "pack/d/a", "content");
  CHECK(backend->occupants() == plain->occupants());
  backend->replace("conf/0", base::as_bytes("new"));
  CHECK(base::as_text(plain->read("conf/0", 0, 3)) == "new");
  backend->keep_copy("conf/0", "conf/1");
  CHECK(plain->size_bytes("conf/1") == 3);
  backend->remove("conf/1");
  CHECK_FALSE(plain->size_bytes("conf/1"));
  backend->discard("pack/d/a", 7);
  CHECK(backend->discarded_batches() == std::vector<std::uint64_t>{7});
  CHECK(plain->discarded_batches() == std::vector<std::uint64_t>{7});
  CHECK(backend->empty_batch(7) == 7);
  CHECK(backend->free_bytes().has_value());
  const auto held = backend->lock_for_writing(store::Backend::Reserve::keep);
  CHECK_THROWS_AS(plain->lock_for_writing(), base::Error);
  const auto files = [&] {
    std::uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{place}) {
      if (entry.is_regular_file()) bytes += entry.file_size();
    }
    return bytes;
  };
  const std::uintmax_t before = files();
  backend->keep_reserve(1 << 20);
  CHECK(files() >= before + (1 << 20));
  backend->release_reserve();
  CHECK(files() < before + (1 << 20));
  backend->regain_reserve(1 << 20);
  CHECK(files() >= before + (1 << 20));
}

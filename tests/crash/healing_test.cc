// Packs of several MiB on a real file system, damaged in whole blocks: up to two damaged blocks of
// a pack and its parity heal bit-equal, more cost exactly the items that reading finds damaged.
//
// COFFER_HEALINGS and COFFER_SEED set how many rounds and which.
#include "src/base/file.h"
#include "store/local_backend.h"
#include "tests/support/catch.h"
#include "tests/support/small_repository.h"
#include "tests/support/small_store.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <set>

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::uint64_t kRoundsInTheSuite = 6;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Subject {
 public:
  Subject() : backend_(store::open_local(root())), repository_(*backend_) {
    repository_.reopen_with_parity();
    for (std::uint64_t i = 0; i < 90; ++i) {
      streams_[{"folder-" + std::to_string(i % 3), "item-" + std::to_string(i)}] =
          test::noise(i, 1000 + (i * 7919) % 120'000);
    }
    snapshot_ = repository_.back_up("anna@contoso.com", streams_);
    repository_.close();
    fs::copy(root(), pristine(), fs::copy_options::recursive);
    fs::copy(repository_.settings().index, pristine_index(), fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator{root() / "pack" / "d"}) {
      if (entry.is_regular_file()) pack_ = entry.path();
    }
  }

  void start_over() {
    repository_.close();
    fs::remove_all(root());
    fs::copy(pristine(), root(), fs::copy_options::recursive);
    // With the index as it was, reading tells the damage of each record, whatever hit the table of
    // contents.
    fs::remove_all(repository_.settings().index);
    fs::copy(pristine_index(), repository_.settings().index, fs::copy_options::recursive);
    backend_ = store::open_local(root());  // no file of the round before stays open
    repository_.move_to(*backend_);
  }

  [[nodiscard]] fs::path pack() const { return pack_; }
  [[nodiscard]] fs::path parity() const { return root() / "par" / pack_.filename(); }
  [[nodiscard]] bool is_as_made(const fs::path& file) const {
    return base::read_file(file) == base::read_file(pristine() / fs::relative(file, root()));
  }
  // Items that cannot be read; none gives other bytes.
  std::set<std::string> unreadable() {
    std::set<std::string> items;
    const auto reader = repository_.tenant().open_snapshot(snapshot_);
    for (const auto& [name, stream] : streams_) {
      try {
        const std::optional<store::ItemEntry> item = reader->find(name.first, name.second);
        REQUIRE(item);
        const base::Bytes read = repository_.tenant().read_content(item->content);
        CHECK(read == stream);
      } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::corrupt);
        items.insert(name.second);
      }
    }
    return items;
  }
  [[nodiscard]] test::SmallRepository& repository() { return repository_; }
  [[nodiscard]] const test::Streams& streams() const { return streams_; }
  [[nodiscard]] const store::Snapshot& snapshot() const { return snapshot_; }

 private:
  [[nodiscard]] fs::path root() const { return directory_ / "store"; }
  [[nodiscard]] fs::path pristine() const { return directory_ / "pristine"; }
  [[nodiscard]] fs::path pristine_index() const { return directory_ / "pristine-index"; }

  test::TemporaryDirectory directory_;
  std::unique_ptr<store::Backend> backend_;
  test::SmallRepository repository_;
  test::Streams streams_;
  store::Snapshot snapshot_;
  fs::path pack_;
};

// Garbles a random stretch inside one block.
void damage_block(const fs::path& file, std::size_t block, std::mt19937_64& random) {
  base::Bytes bytes = base::read_file(file);
  const std::size_t begin = block * kMiB;
  const std::size_t end = std::min(bytes.size(), begin + kMiB);
  const std::size_t from = begin + random() % (end - begin);
  const std::size_t to = std::min<std::size_t>(end, from + 1 + random() % 5000);
  for (std::size_t at = from; at < to; ++at) bytes[at] ^= static_cast<std::byte>(random() | 1);
  base::replace_file(file, bytes);
}

std::set<std::size_t> choose_blocks(std::size_t count, std::size_t blocks,
                                    std::mt19937_64& random) {
  std::set<std::size_t> chosen;
  while (chosen.size() < count) chosen.insert(random() % blocks);
  return chosen;
}

}  // namespace

TEST_CASE("damage heals within its bounds, and beyond them costs what it hit",
          "[store][crash][repair]") {
  const std::uint64_t rounds = number_from_environment("COFFER_HEALINGS", kRoundsInTheSuite);
  const std::uint64_t seed = number_from_environment("COFFER_SEED", 1);
  Subject subject;
  const std::size_t blocks = (fs::file_size(subject.pack()) + kMiB - 1) / kMiB;
  REQUIRE(blocks >= 4);
  std::mt19937_64 random{seed};
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::size_t damaged = round % 3 + 1;
    CAPTURE(seed, round, damaged);
    subject.start_over();
    for (const std::size_t block : choose_blocks(damaged, blocks, random)) {
      damage_block(subject.pack(), block, random);
    }
    // One damaged block of the pack leaves room for one of the parity.
    if (damaged == 1) damage_block(subject.parity(), random() % 2 * 2, random);
    subject.repository().reopen();
    const std::set<std::string> hit = subject.unreadable();

    const store::CheckReport report =
        subject.repository().repository().repair(store::CheckLevel::full, {}, {});

    std::set<std::string> affected;
    for (const store::AffectedItem& item : report.affected) affected.insert(item.item);
    if (damaged <= 2) {
      CHECK(report.errors.empty());
      CHECK(affected.empty());
      CHECK(report.healed >= 1);
      CHECK(subject.is_as_made(subject.pack()));
      CHECK(subject.is_as_made(subject.parity()));
      CHECK(subject.unreadable().empty());
    } else {
      CHECK(affected == hit);
      CHECK(subject.unreadable() == hit);
      CHECK_FALSE(fs::exists(subject.pack()));
      // The next backup stores again what is missing, and the old restore point is whole, too.
      subject.repository().back_up("anna@contoso.com", subject.streams(), &subject.snapshot());
      CHECK(subject.unreadable().empty());
      CHECK(
          subject.repository().repository().check(store::CheckLevel::full, {}, {}).errors.empty());
    }
  }
}

// Single-bit flips over all files of a small store, one at a time: each is found, and none makes a
// read lie.
//
// Every byte of the repository counts as used: pack names are the hash of the whole file,
// configuration and key slots are kept in copies that check compares, commit records are sealed,
// parity is computed again. Not so scrub/verified, which proves nothing and is written by checking.
// Bytes of the RocksDB folder may be unused: there a flip must be found or change nothing, and
// rebuilding the index always brings everything back.
//
// Then as many as there are packs, at once: one in each pack or in its parity. A check has to name
// each of them, with the key and without.
//
// COFFER_BIT_FLIPS, COFFER_BIT_FLIPS_AT_ONCE and COFFER_SEED set how many and which;
// tests/e2e/campaigns/bit_flips.py runs the long form.
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "store/local_backend.h"
#include "store/scrub.h"
#include "tests/crash/recorded_store.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <random>
#include <set>
#include <unistd.h>
#include <utility>

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFlipsInTheSuite = 300;
constexpr std::uint64_t kFlipsAtOnceInTheSuite = 300;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Flip {
  fs::path file;
  std::uint64_t offset = 0;
  unsigned bit = 0;
};

void apply(const Flip& flip) {
  const base::FileHandle file = base::open_file(flip.file, O_RDWR);
  unsigned char byte = 0;
  const auto offset = static_cast<off_t>(flip.offset);
  if (pread(file.get(), &byte, 1, offset) != 1) throw base::system_error("reading a byte", errno);
  byte = static_cast<unsigned char>(byte ^ (1u << flip.bit));
  if (pwrite(file.get(), &byte, 1, offset) != 1) throw base::system_error("writing a byte", errno);
}

struct FileSize {
  fs::path path;
  std::uint64_t bytes = 0;
};

std::vector<FileSize> files_below(const fs::path& directory) {
  std::vector<FileSize> files;
  for (const auto& entry : fs::recursive_directory_iterator{directory}) {
    const bool is_ledger = entry.path().parent_path().filename() == "scrub";
    const bool is_reserve = entry.path().filename() == "reserve";  // space, not bytes of anybody
    if (entry.is_regular_file() && entry.file_size() > 0 && !is_ledger && !is_reserve)
      files.push_back({entry.path(), entry.file_size()});
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

// Half of the flips fall evenly on bytes, half evenly on files, so that small files get their
// share.
Flip choose_flip(std::mt19937_64& numbers, const std::vector<FileSize>& files) {
  const FileSize* chosen = &files.at(numbers() % files.size());
  if (numbers() % 2 == 0) {
    std::uint64_t all = 0;
    for (const FileSize& file : files) all += file.bytes;
    std::uint64_t position = numbers() % all;
    for (const FileSize& file : files) {
      chosen = &file;
      if (position < file.bytes) break;
      position -= file.bytes;
    }
  }
  return {chosen->path, numbers() % chosen->bytes, static_cast<unsigned>(numbers() % 8)};
}

class Subject {
 public:
  Subject() : recorded_(test::make_recorded_store(root(), 1, clock_)) {
    fs::copy(root(), pristine(), fs::copy_options::recursive);
  }

  [[nodiscard]] const test::RecordedStore& recorded() const { return recorded_; }
  [[nodiscard]] bool is_index(const fs::path& file) const {
    return file.string().starts_with(beside().string());
  }
  [[nodiscard]] std::vector<FileSize> files() const {
    std::vector<FileSize> all = files_below(recorded_.store);
    for (FileSize& file : files_below(beside())) all.push_back(std::move(file));
    return all;
  }

  struct Seen {
    bool found = false;  // by opening, by reading or by check
    std::string how;
    test::Reading reading;
  };
  Seen look(store::Access access) {
    Seen seen;
    try {
      const auto backend = store::open_local(recorded_.store);
      const auto repository =
          store::Repository::open(*backend, test::recorded_store_settings(recorded_),
                                  test::recorded_store_passphrase(), access, clock_);
      seen.reading = test::read_everything(*repository, recorded_);
      if (!seen.reading.refused.empty()) seen.how = "reading: " + seen.reading.refused.front();
      const store::CheckReport report =
          repository->check(store::CheckLevel::full, [](const store::Progress&) {}, {});
      if (!report.errors.empty()) seen.how = "check: " + report.errors.front();
      seen.found = !report.errors.empty();
    } catch (const base::Error& error) {
      seen.found = true;
      seen.how = base::text("opening or check: ", error.what());
    }
    return seen;
  }

  // What a full check and a scrub say, each of it in one text.
  std::pair<std::string, std::string> look_at_packs() {
    const auto backend = store::open_local(recorded_.store);
    const auto repository =
        store::Repository::open(*backend, test::recorded_store_settings(recorded_),
                                test::recorded_store_passphrase(), store::Access::read, clock_);
    std::pair<std::string, std::string> said;
    const store::CheckReport checked =
        repository->check(store::CheckLevel::full, [](const store::Progress&) {}, {});
    for (const std::string& error : checked.errors) said.first += error + "\n";
    clock_.advance(std::chrono::seconds{1});  // a scrub reads what was not verified since it began
    const store::CheckReport scrubbed = store::scrub(*backend, {}, clock_, {}, {});
    for (const std::string& error : scrubbed.errors) said.second += error + "\n";
    return said;
  }

  test::Reading rebuild_and_read() {
    const auto backend = store::open_local(recorded_.store);
    const auto repository = store::Repository::rebuild_index(
        *backend, test::recorded_store_settings(recorded_), test::recorded_store_passphrase(),
        clock_, [](const store::Progress&) {});
    return test::read_everything(*repository, recorded_);
  }

  // Opening puts damaged copies of small files right again.
  [[nodiscard]] bool is_healed(const Flip& flip) const {
    return fs::exists(flip.file) &&
           base::read_file(flip.file) == base::read_file(original(flip.file));
  }

  // The next flip starts from the same files as this one, whatever opening and healing have
  // written.
  void restore_files(const Flip& flip) {
    restore_index();
    restore({flip});
  }
  void restore(const std::vector<Flip>& flips) {
    for (const Flip& flip : flips) {
      fs::copy_file(original(flip.file), flip.file, fs::copy_options::overwrite_existing);
    }
  }
  void restore_index() {
    fs::remove_all(beside());
    fs::copy(original(beside()), beside(), fs::copy_options::recursive);
  }
  // Names and sizes that are not as they were made. Nothing but the flipped file and the index may
  // have changed.
  [[nodiscard]] std::vector<std::string> changed_files() const {
    std::set<std::string> changed;
    for (const FileSize& file : files_below(original(recorded_.store))) {
      changed.insert(base::text(fs::relative(file.path, pristine()).string(), " ", file.bytes));
    }
    for (const FileSize& file : files_below(recorded_.store)) {
      const std::string line =
          base::text(fs::relative(file.path, root()).string(), " ", file.bytes);
      if (changed.erase(line) == 0) changed.insert("new: " + line);
    }
    return {changed.begin(), changed.end()};
  }

 private:
  [[nodiscard]] fs::path root() const { return directory_ / "root"; }
  [[nodiscard]] fs::path pristine() const { return directory_ / "pristine"; }
  [[nodiscard]] fs::path beside() const { return recorded_.index.parent_path(); }
  [[nodiscard]] fs::path original(const fs::path& path) const {
    return pristine() / fs::relative(path, root());
  }

  test::TemporaryDirectory directory_;
  test::VirtualClock clock_;
  test::RecordedStore recorded_;
};

struct Tally {
  std::uint64_t flips = 0;
  std::uint64_t found = 0;
  std::uint64_t harmless = 0;  // in the index: everything still right, nothing to report
};

std::string kind_of(const Subject& subject, const fs::path& file) {
  if (subject.is_index(file)) return "index";
  return fs::relative(file, subject.recorded().store).begin()->string();
}

// One in each pack or in its parity, which have the same name.
std::vector<Flip> choose_one_a_pack(std::mt19937_64& numbers, const Subject& subject,
                                    const std::vector<FileSize>& files) {
  std::map<std::string, std::vector<FileSize>> by_name;
  for (const FileSize& file : files) {
    const std::string kind = kind_of(subject, file.path);
    if (kind == "pack" || kind == "par") by_name[file.path.filename().string()].push_back(file);
  }
  std::vector<Flip> flips;
  for (const auto& [name, of_pack] : by_name) {
    const FileSize& chosen = of_pack.at(numbers() % of_pack.size());
    flips.push_back({chosen.path, numbers() % chosen.bytes, static_cast<unsigned>(numbers() % 8)});
  }
  return flips;
}

void flip_in_repository(Subject& subject, const Flip& flip, store::Access access, Tally& tally) {
  apply(flip);
  const Subject::Seen seen = subject.look(access);
  const bool found = seen.found || subject.is_healed(flip);
  CAPTURE(seen.how, seen.reading.refused, seen.reading.wrong);
  CHECK(seen.reading.wrong.empty());
  CHECK(found);
  tally.found += found ? 1 : 0;
}

void flip_in_index(Subject& subject, const Flip& flip, store::Access access, Tally& tally) {
  apply(flip);
  const Subject::Seen seen = subject.look(access);
  CAPTURE(seen.how, seen.reading.refused, seen.reading.wrong);
  CHECK(seen.reading.wrong.empty());
  CHECK((seen.found || seen.reading.is_whole()));
  tally.found += seen.found ? 1 : 0;
  tally.harmless += seen.found ? 0 : 1;
  if (seen.found) CHECK(subject.rebuild_and_read().is_whole());
}

}  // namespace

TEST_CASE("every flipped bit is found, and no read lies", "[store][crash]") {
  const std::uint64_t flips = number_from_environment("COFFER_BIT_FLIPS", kFlipsInTheSuite);
  const std::uint64_t seed = number_from_environment("COFFER_SEED", 1);
  Subject subject;
  REQUIRE(subject.look(store::Access::read).reading.is_whole());
  REQUIRE_FALSE(subject.look(store::Access::write).found);
  subject.restore_index();
  const std::vector<FileSize> files = subject.files();

  std::mt19937_64 numbers{seed};
  std::map<std::string, Tally> tallies;
  for (std::uint64_t i = 0; i < flips; ++i) {
    const Flip flip = choose_flip(numbers, files);
    const store::Access access = numbers() % 2 == 0 ? store::Access::read : store::Access::write;
    CAPTURE(seed, i, flip.file.string(), flip.offset, flip.bit, access == store::Access::write);
    Tally& tally = tallies[kind_of(subject, flip.file)];
    ++tally.flips;
    if (subject.is_index(flip.file)) {
      flip_in_index(subject, flip, access, tally);
    } else {
      flip_in_repository(subject, flip, access, tally);
    }
    subject.restore_files(flip);
    const std::vector<std::string> changed = subject.changed_files();
    CAPTURE(changed);
    REQUIRE(changed.empty());
  }
  for (const auto& [kind, tally] : tallies) {
    // The campaign reads these lines.
    fmt::print("bit-flips {} flips {} found {} harmless {}\n", kind, tally.flips, tally.found,
               tally.harmless);
  }
}

TEST_CASE("bits flipped in all packs at once are each found, with the key and without",
          "[store][crash]") {
  const std::uint64_t wanted =
      number_from_environment("COFFER_BIT_FLIPS_AT_ONCE", kFlipsAtOnceInTheSuite);
  const std::uint64_t seed = number_from_environment("COFFER_SEED", 1);
  Subject subject;
  const std::vector<FileSize> files = subject.files();
  std::mt19937_64 numbers{seed};
  std::uint64_t flipped = 0;
  std::uint64_t found = 0;
  while (flipped < wanted) {
    const std::vector<Flip> flips = choose_one_a_pack(numbers, subject, files);
    for (const Flip& flip : flips) apply(flip);
    const auto [checked, scrubbed] = subject.look_at_packs();
    CAPTURE(seed, flipped, checked, scrubbed);
    for (const Flip& flip : flips) {
      const std::string name = flip.file.filename().string();
      CAPTURE(flip.file.string(), flip.offset, flip.bit);
      const bool by_check = checked.find(name) != std::string::npos;
      const bool by_scrub = scrubbed.find(name) != std::string::npos;
      CHECK(by_check);
      CHECK(by_scrub);
      found += by_check && by_scrub ? 1 : 0;
    }
    flipped += flips.size();
    subject.restore(flips);
  }
  REQUIRE(subject.changed_files().empty());
  REQUIRE(subject.look(store::Access::read).reading.is_whole());
  // The campaign reads this line.
  fmt::print("bit-flips at-once flips {} found {} harmless 0\n", flipped, found);
}

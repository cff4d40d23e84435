#include "tests/golden/alterations.h"

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace golden {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSelfCheckedFormat = 12;  // FORMAT.md: 2 bytes
constexpr std::size_t kPackFormat = 12;         // 2 bytes, in header, copy and trailer
constexpr std::size_t kCommitFormat = 8;        // 4 bytes
constexpr std::size_t kSlotMemory = 40;         // 8 bytes
constexpr std::size_t kSlotPasses = 48;         // 4 bytes

void write(const fs::path& path, base::ByteView bytes) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file.write(base::as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error{"cannot write " + path.string()};
}

template <typename Change>
void change(const fs::path& path, Change what) {
  base::Bytes bytes = base::read_file(path);
  what(bytes);
  write(path, bytes);
}

// All files below, by name.
std::vector<fs::path> files(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (entry.is_regular_file()) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

// The largest is that of the first run, as its mailboxes were new.
fs::path largest_pack(const fs::path& store, std::string_view chunk_class) {
  const std::vector<fs::path> packs = files(store / "pack" / chunk_class);
  return *std::ranges::max_element(packs, {},
                                   [](const fs::path& path) { return fs::file_size(path); });
}

// From 1; the store has one writer.
fs::path commit(const fs::path& store, std::size_t number) {
  return files(store / "log").at(number - 1);
}

void flip(const fs::path& path, std::size_t offset) {
  change(path, [&](base::Bytes& bytes) { bytes.at(offset) ^= std::byte{1}; });
}

void flip_middle(const fs::path& path) { flip(path, fs::file_size(path) / 2); }

// As somebody would who knows the format but no key: the checksum fits.
template <typename Number>
void set_self_checked(const fs::path& path, std::size_t offset, Number value) {
  change(path, [&](base::Bytes& bytes) {
    base::store_le(bytes.data() + offset, value);
    const std::size_t content = bytes.size() - base::Sha256::kSizeBytes;
    const base::Sha256 checksum = base::sha256(base::ByteView{bytes}.first(content));
    std::ranges::copy(checksum.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(content));
  });
}

// The passphrase's slots have 1 at offset 14, those of recovery keys 2.
std::vector<fs::path> passphrase_slots(const fs::path& store) {
  std::vector<fs::path> slots = files(store / "keys");
  std::erase_if(slots,
                [](const fs::path& path) { return base::read_file(path).at(14) != std::byte{1}; });
  return slots;
}

// Under the name that its bytes have now, as whoever wrote it would have named it.
void rename_pack(const fs::path& pack) {
  const std::string name = base::sha256(base::read_file(pack)).hex();
  const fs::path folder = pack.parent_path().parent_path() / name.substr(0, 2);
  fs::create_directories(folder);
  fs::rename(pack, folder / name);
}

void make_pack_newer(const fs::path& store, const fs::path&) {
  const fs::path pack = largest_pack(store, "d");
  change(pack, [](base::Bytes& bytes) { bytes.at(kPackFormat) = std::byte{2}; });
  rename_pack(pack);
}

void swap_packs(const fs::path& store, const fs::path&) {
  const std::vector<fs::path> packs = files(store / "pack" / "d");
  fs::rename(packs.at(0), store / "other");
  fs::rename(packs.at(1), packs.at(0));
  fs::rename(store / "other", packs.at(1));
}

void add_foreign_pack(const fs::path& store, const fs::path& golden) {
  const std::string name = base::sha256(base::read_file(golden / "foreign_pack")).hex();
  const fs::path folder = store / "pack" / "d" / name.substr(0, 2);
  fs::create_directories(folder);
  fs::copy_file(golden / "foreign_pack", folder / name);
}

void damage_all_configurations(const fs::path& store, const fs::path&) {
  for (const fs::path& copy : files(store / "conf")) flip(copy, 50);
}

void make_configuration_newer(const fs::path& store, const fs::path&) {
  for (const fs::path& copy : files(store / "conf")) {
    set_self_checked(copy, kSelfCheckedFormat, std::uint16_t{2});
  }
}

void make_slots_newer(const fs::path& store, const fs::path&) {
  for (const fs::path& copy : files(store / "keys")) {
    set_self_checked(copy, kSelfCheckedFormat, std::uint16_t{2});
  }
}

void ask_for_much_memory(const fs::path& store, const fs::path&) {
  for (const fs::path& copy : passphrase_slots(store)) {
    set_self_checked(copy, kSlotMemory, std::uint64_t{1} << 40);
  }
}

void ask_for_much_work(const fs::path& store, const fs::path&) {
  for (const fs::path& copy : passphrase_slots(store)) {
    set_self_checked(copy, kSlotPasses, ~std::uint32_t{0});
  }
}

void make_commit_newer(const fs::path& store, const fs::path&) {
  change(commit(store, 2), [](base::Bytes& bytes) { bytes.at(kCommitFormat) = std::byte{200}; });
}

void remove_packs_trailer(const fs::path& store, const fs::path&) {
  const fs::path pack = largest_pack(store, "d");
  fs::resize_file(pack, fs::file_size(pack) - 100);
}

}  // namespace

std::span<const Alteration> alterations() {
  static constexpr auto kTable = std::to_array<Alteration>({
      {"data pack cut short by 100 bytes", remove_packs_trailer},
      {"bit flipped in the middle of a data pack",
       [](const fs::path& store, const fs::path&) { flip_middle(largest_pack(store, "d")); }},
      {"bit flipped in the middle of a metadata pack",
       [](const fs::path& store, const fs::path&) { flip_middle(largest_pack(store, "m")); }},
      {"data pack missing",
       [](const fs::path& store, const fs::path&) { fs::remove(largest_pack(store, "d")); }},
      {"two data packs swapped", swap_packs},
      {"pack of another store added", add_foreign_pack},
      {"data pack of a newer format", make_pack_newer},
      {"bit flipped in the middle of a commit record",
       [](const fs::path& store, const fs::path&) { flip_middle(commit(store, 2)); }},
      {"commit record missing in the middle",
       [](const fs::path& store, const fs::path&) { fs::remove(commit(store, 2)); }},
      {"last commit record missing",
       [](const fs::path& store, const fs::path&) { fs::remove(commit(store, 3)); }},
      {"commit record in place of another",
       [](const fs::path& store, const fs::path&) {
         fs::copy_file(commit(store, 1), commit(store, 2), fs::copy_options::overwrite_existing);
       }},
      {"commit record of a newer format", make_commit_newer},
      {"one copy of the configuration damaged",
       [](const fs::path& store, const fs::path&) { flip(store / "conf" / "1", 50); }},
      {"one copy of the configuration as it was before",
       [](const fs::path& store, const fs::path& golden) {
         fs::copy_file(golden / "older_conf", store / "conf" / "0",
                       fs::copy_options::overwrite_existing);
       }},
      {"all copies of the configuration damaged", damage_all_configurations},
      {"configuration of a newer format", make_configuration_newer},
      {"one copy of a key slot damaged",
       [](const fs::path& store, const fs::path&) { flip(passphrase_slots(store).front(), 100); }},
      {"key slots of a newer format", make_slots_newer},
      {"key slot asks for a terabyte", ask_for_much_memory},
      {"key slot asks for work without end", ask_for_much_work},
  });
  return kTable;
}

}  // namespace golden

#include "store/internal/parity.h"

#include "src/base/digest.h"
#include "store/internal/object_name.h"
#include "store/internal/parity_objects.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <algorithm>
#include <random>
#include <set>

namespace store {
namespace {

using base::ErrorKind;
using test::failure_of;
using test::noise;

constexpr std::size_t kMiB = std::size_t{1} << 20;

PackId id_of(base::ByteView pack) { return PackId{base::sha256(pack).bytes}; }

base::Bytes stored(const Parity& parity) {
  base::Bytes object;
  for (const base::ByteView part : parity.parts()) base::append(object, part);
  return object;
}

base::Bytes parity_of(base::ByteView pack) {
  return stored(encode_parity(ChunkClass::data, id_of(pack), pack));
}

void garble(base::Bytes& bytes, std::size_t begin, std::size_t end) {
  for (std::size_t at = begin; at < std::min(end, bytes.size()); ++at) bytes[at] ^= std::byte{0x5a};
}

std::optional<base::Bytes> heal(const PackId& id, base::ByteView object, base::Bytes left) {
  const auto parity = decode_parity(id, object);
  return parity ? heal_pack(*parity, std::move(left)) : std::nullopt;
}

// Multiplication in GF(2^8) modulo x^8+x^4+x^3+x^2+1, as slow as it is plain.
unsigned multiply(unsigned left, unsigned right) {
  unsigned product = 0;
  for (; right != 0; right >>= 1) {
    if ((right & 1) != 0) product ^= left;
    left <<= 1;
    if ((left & 0x100) != 0) left ^= 0x11d;
  }
  return product;
}
unsigned inverse(unsigned value) {
  for (unsigned other = 1; other < 256; ++other) {
    if (multiply(value, other) == 1) return other;
  }
  return 0;
}

TEST_CASE("parity is what the format says, by plain arithmetic", "[store][parity]") {
  const base::Bytes pack = noise(1, 2 * kMiB + 777);
  const Parity parity = encode_parity(ChunkClass::metadata, id_of(pack), pack);
  constexpr unsigned kBlocks = 3;
  for (unsigned number = 0; number < kParityBlocks; ++number) {
    std::array<std::array<unsigned char, 256>, kBlocks> products{};
    for (unsigned block = 0; block < kBlocks; ++block) {
      const unsigned factor = inverse((kBlocks + number) ^ block);
      for (unsigned value = 0; value < 256; ++value) {
        products.at(block).at(value) = static_cast<unsigned char>(multiply(factor, value));
      }
    }
    base::Bytes expected(kMiB);
    for (std::size_t at = 0; at < pack.size(); ++at) {
      expected[at % kMiB] ^=
          std::byte{products.at(at / kMiB).at(std::to_integer<unsigned char>(pack[at]))};
    }
    CHECK(parity.blocks.at(number) == expected);
  }
}

TEST_CASE("any two damaged blocks of a pack heal, bit-equal", "[store][parity]") {
  const std::size_t size = GENERATE(values<std::size_t>(
      {1, 100, 4096, kMiB - 1, kMiB, kMiB + 1, 2 * kMiB, 5 * kMiB + 123, 7 * kMiB + 1}));
  CAPTURE(size);
  const base::Bytes pack = noise(size, size);
  const base::Bytes object = parity_of(pack);
  const std::size_t blocks = pack_blocks(size);
  for (std::size_t first = 0; first < blocks; ++first) {
    for (std::size_t second = first; second < blocks; ++second) {
      base::Bytes damaged = pack;
      garble(damaged, first * kMiB, (first + 1) * kMiB);
      if (second != first) garble(damaged, second * kMiB, (second + 1) * kMiB);
      CHECK(heal(id_of(pack), object, damaged) == pack);
    }
  }
}

TEST_CASE("a damaged block of the pack and a damaged part of the parity heal too",
          "[store][parity]") {
  const base::Bytes pack = noise(3, 4 * kMiB + 5);
  const base::Bytes object = parity_of(pack);
  for (std::size_t part = 0; part * kMiB < object.size(); ++part) {
    base::Bytes damaged_object = object;
    garble(damaged_object, part * kMiB, (part + 1) * kMiB);
    for (std::size_t block = 0; block < pack_blocks(pack.size()); ++block) {
      CAPTURE(part, block);
      base::Bytes damaged = pack;
      garble(damaged, block * kMiB, (block + 1) * kMiB);
      // The middle of the object holds the ends of both parity blocks.
      const auto healed = heal(id_of(pack), damaged_object, damaged);
      CHECK((part == 1 || healed == pack));
      CHECK((!healed || healed == pack));
    }
  }
}

TEST_CASE("three damaged blocks are not healed, and nothing wrong is given", "[store][parity]") {
  const base::Bytes pack = noise(4, 6 * kMiB);
  base::Bytes damaged = pack;
  for (const std::size_t block : {0U, 2U, 5U}) damaged[block * kMiB + 9] ^= std::byte{1};
  CHECK_FALSE(heal(id_of(pack), parity_of(pack), damaged));
}

TEST_CASE("a pack that lost its end, grew, or is gone heals within two blocks", "[store][parity]") {
  const base::Bytes pack = noise(5, 3 * kMiB + 99);
  const base::Bytes object = parity_of(pack);
  base::Bytes shorter = pack;
  shorter.resize(2 * kMiB + 1);
  CHECK(heal(id_of(pack), object, shorter) == pack);
  base::Bytes longer = pack;
  longer.resize(pack.size() + 5000);
  CHECK(heal(id_of(pack), object, longer) == pack);
  CHECK_FALSE(heal(id_of(pack), object, {}));
  const base::Bytes small = noise(6, 2 * kMiB);
  CHECK(heal(id_of(small), parity_of(small), {}) == small);
}

TEST_CASE("parity that was written for other bytes heals nothing", "[store][parity]") {
  const base::Bytes pack = noise(7, 2 * kMiB);
  const base::Bytes other = noise(8, 2 * kMiB);
  // Its checksums fit the other bytes, its name is the pack's: the digest decides.
  const base::Bytes forged = stored(encode_parity(ChunkClass::data, id_of(pack), other));
  CHECK_FALSE(heal(id_of(pack), forged, other));
  CHECK_FALSE(decode_parity(id_of(other), forged));
}

TEST_CASE("hostile parity is refused or harmless, whatever its bytes", "[store][parity]") {
  const base::Bytes pack = noise(9, 70'000);
  const base::Bytes object = parity_of(pack);
  std::mt19937_64 random{GENERATE(range(std::uint64_t{0}, std::uint64_t{200}))};
  base::Bytes hostile = object;
  for (std::uint64_t change = random() % 20 + 1; change > 0; --change) {
    hostile[random() % (random() % 2 == 0 ? kParityHeadBytes : hostile.size())] =
        static_cast<std::byte>(random());
  }
  if (random() % 2 == 0) hostile.resize(random() % hostile.size());
  base::Bytes damaged = pack;
  damaged[random() % damaged.size()] ^= std::byte{1};
  const auto healed = heal(id_of(pack), hostile, damaged);
  CHECK((!healed || *healed == pack));
  const auto parity = decode_parity(id_of(pack), hostile);
  CHECK((!parity || parity->is_whole == (hostile == object)));
}

TEST_CASE("each pack that is written has its parity beside it", "[store][parity]") {
  ChunkStoreSettings settings;
  settings.parity = true;
  settings.pack_bytes = 3 * kMiB;
  test::SmallStore store{settings};
  for (std::uint64_t seed = 0; seed < 8; ++seed)
    store.chunks().put(ChunkClass::data, noise(seed, kMiB));
  store.chunks().put(ChunkClass::metadata, noise(99, 500));
  store.chunks().flush();

  const std::vector<PackObject> packs = store.packs();
  REQUIRE(packs.size() >= 4);
  CHECK(store.backend().names("par/").size() == packs.size());
  for (const PackObject& pack : packs) {
    const std::string name = pack_name(pack.chunk_class, pack.id);
    const base::Bytes bytes = store.backend().read(name, 0, pack.size_bytes);
    const Parity expected = encode_parity(pack.chunk_class, pack.id, bytes);
    CHECK(compare_parity(store.backend(), pack.id, expected) == ParityState::whole);
    remove_pack_with_parity(store.backend(), pack);
  }
  CHECK(store.backend().names("pack/").empty());
  CHECK(store.backend().names("par/").empty());
}

TEST_CASE("parity is written before the pack is indexed, and its failure is the pack's",
          "[store][parity]") {
  ChunkStoreSettings settings;
  settings.parity = true;
  test::SmallStore store{settings};
  const int failures = GENERATE(1, 2);
  int left = failures;
  store.backend().set_hook([&](MemoryBackend::Operation operation, const std::string& name) {
    if (operation != MemoryBackend::Operation::put || !parity_pack_of(name)) return;
    bool indexed = false;
    store.index().for_each_pack([&](std::uint32_t, const PackRow&) { indexed = true; });
    CHECK_FALSE(indexed);
    CHECK(store.pack_names().size() == 1);
    if (left-- > 0) throw base::Error{ErrorKind::disk, "planted"};
  });
  const ChunkId id = store.chunks().put(ChunkClass::data, noise(1, 1000)).id;
  if (failures == 1) {
    store.chunks().flush();
    CHECK(store.backend().names("par/").size() == 1);
    CHECK(store.index().find(store.tenant().tag(), id));
  } else {
    CHECK(failure_of([&] { store.chunks().flush(); }).kind == ErrorKind::disk);
    CHECK_FALSE(store.index().find(store.tenant().tag(), id));
    CHECK(failure_of([&] { store.chunks().put(ChunkClass::data, noise(2, 10)); }).kind ==
          ErrorKind::disk);
  }
}

}  // namespace
}  // namespace store

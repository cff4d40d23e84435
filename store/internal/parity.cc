#include "store/internal/parity.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "store/internal/crc32c.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/pack_format.h"

#include <isa-l/erasure_code.h>

#include <algorithm>
#include <span>

namespace store {
namespace {

constexpr std::array kMagic{std::byte{0x89}, std::byte{'C'},  std::byte{'F'},  std::byte{'R'},
                            std::byte{'P'},  std::byte{'R'},  std::byte{'T'},  std::byte{'Y'},
                            std::byte{'\r'}, std::byte{'\n'}, std::byte{0x1a}, std::byte{'\n'}};
constexpr std::uint16_t kFormat = 1;
constexpr std::uint8_t kCauchy = 1;  // the only code
constexpr std::size_t kHeadChecksumOffset = kParityHeadBytes - 4;
// ISA-L expands each coefficient into a table of this size.
constexpr std::size_t kTableBytes = 32;

// ISA-L takes pointers to bytes that it does not change as if it did.
unsigned char* as_input(base::ByteView bytes) {
  return const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
}

// Multiplies blocks by columns of a matrix and adds them up, one block at a time. Blocks that are
// shorter than their sums count as if zeros followed.
class BlockSums {
 public:
  // `matrix`: `rows` rows of `columns` coefficients.
  BlockSums(std::span<unsigned char> matrix, std::size_t rows, std::size_t columns)
      : rows_(static_cast<int>(rows)),
        columns_(static_cast<int>(columns)),
        tables_(rows * columns * kTableBytes) {
    ec_init_tables(columns_, rows_, matrix.data(), tables_.data());
  }

  void add(std::size_t column, base::ByteView block, std::span<unsigned char*> sums) {
    if (block.empty()) return;
    ec_encode_data_update(static_cast<int>(block.size()), columns_, rows_, static_cast<int>(column),
                          tables_.data(), as_input(block), sums.data());
  }

 private:
  int rows_;
  int columns_;
  std::vector<unsigned char> tables_;
};

// The identity over the pack's blocks, and below it what the parity blocks are made of.
std::vector<unsigned char> cauchy_matrix(std::size_t blocks) {
  std::vector<unsigned char> matrix((blocks + kParityBlocks) * blocks);
  gf_gen_cauchy1_matrix(matrix.data(), static_cast<int>(blocks + kParityBlocks),
                        static_cast<int>(blocks));
  return matrix;
}

std::vector<unsigned char*> pointers_to(std::span<base::Bytes> blocks) {
  std::vector<unsigned char*> pointers;
  pointers.reserve(blocks.size());
  for (base::Bytes& block : blocks) {
    pointers.push_back(reinterpret_cast<unsigned char*>(block.data()));
  }
  return pointers;
}

base::ByteView block_of(base::ByteView pack, std::size_t number) {
  const std::size_t size = parity_block_bytes(pack.size());
  const base::ByteView rest = pack.subspan(number * size);
  return rest.first(std::min(rest.size(), size));
}

std::array<std::byte, kParityHeadBytes> encode(const ParityHead& head) {
  FixedFieldWriter fields;
  fields.raw(kMagic)
      .number(kFormat)
      .number(kCauchy)
      .number(static_cast<std::uint8_t>(head.chunk_class))
      .raw(head.pack.view())
      .number(head.pack_bytes)
      .number(static_cast<std::uint32_t>(parity_block_bytes(head.pack_bytes)))
      .number(static_cast<std::uint16_t>(head.pack_checksums.size()))
      .number(static_cast<std::uint16_t>(kParityBlocks));
  for (const std::uint32_t checksum : head.pack_checksums) fields.number(checksum);
  for (const std::uint32_t checksum : head.parity_checksums) fields.number(checksum);
  fields.fill_to(kHeadChecksumOffset).number(crc32c(fields.view()));
  std::array<std::byte, kParityHeadBytes> bytes{};
  std::ranges::copy(fields.view(), bytes.begin());
  return bytes;
}

// Empty if it is not the head of this pack's parity, in this format.
std::optional<ParityHead> decode_head(const PackId& pack, base::ByteView bytes) {
  if (base::load_le<std::uint32_t>(bytes.data() + kHeadChecksumOffset) !=
      crc32c(bytes.first(kHeadChecksumOffset))) {
    return std::nullopt;
  }
  FixedFieldReader fields{bytes, "a parity object"};
  if (!std::ranges::equal(fields.raw(kMagic.size()), kMagic)) return std::nullopt;
  if (fields.number<std::uint16_t>() != kFormat) return std::nullopt;
  if (fields.number<std::uint8_t>() != kCauchy) return std::nullopt;
  ParityHead head;
  const auto chunk_class = fields.number<std::uint8_t>();
  if (chunk_class > 1) return std::nullopt;
  head.chunk_class = static_cast<ChunkClass>(chunk_class);
  head.pack = fields.fixed<PackId>();
  head.pack_bytes = fields.number<std::uint64_t>();
  if (head.pack != pack || head.pack_bytes == 0 || head.pack_bytes > kMostPackBytes) {
    return std::nullopt;
  }
  const std::size_t blocks = pack_blocks(head.pack_bytes);
  if (fields.number<std::uint32_t>() != parity_block_bytes(head.pack_bytes) ||
      fields.number<std::uint16_t>() != blocks || fields.number<std::uint16_t>() != kParityBlocks) {
    return std::nullopt;
  }
  for (std::size_t block = 0; block < blocks; ++block) {
    head.pack_checksums.push_back(fields.number<std::uint32_t>());
  }
  for (std::uint32_t& checksum : head.parity_checksums) checksum = fields.number<std::uint32_t>();
  return head;
}

std::vector<std::size_t> damaged_blocks(const ParityHead& head, base::ByteView pack) {
  std::vector<std::size_t> damaged;
  for (std::size_t block = 0; block < head.pack_checksums.size(); ++block) {
    if (crc32c(block_of(pack, block)) != head.pack_checksums[block]) damaged.push_back(block);
  }
  return damaged;
}

// As many whole parity blocks as there are damaged ones; fewer if there are not enough.
std::vector<std::size_t> usable_parity(const StoredParity& parity, std::size_t wanted) {
  std::vector<std::size_t> usable;
  for (std::size_t number = 0; number < kParityBlocks && usable.size() < wanted; ++number) {
    if (!parity.blocks.at(number).empty()) usable.push_back(number);
  }
  return usable;
}

// Computes the damaged blocks from the others; the last one with the zeros behind it.
std::optional<std::vector<base::Bytes>> make_again(const StoredParity& parity, base::ByteView pack,
                                                   const std::vector<std::size_t>& damaged) {
  const std::vector<std::size_t> parities = usable_parity(parity, damaged.size());
  if (parities.size() < damaged.size()) return std::nullopt;
  const std::size_t blocks = parity.head.pack_checksums.size();
  // Each damaged block's place is taken by a parity block.
  std::vector<base::ByteView> sources;
  std::vector<unsigned char> known;
  const std::vector<unsigned char> matrix = cauchy_matrix(blocks);
  std::size_t replaced = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    const bool is_damaged = replaced < damaged.size() && damaged[replaced] == block;
    const std::size_t row = is_damaged ? blocks + parities[replaced] : block;
    sources.push_back(is_damaged ? base::ByteView{parity.blocks.at(parities[replaced])}
                                 : block_of(pack, block));
    const auto coefficients = matrix.begin() + static_cast<std::ptrdiff_t>(row * blocks);
    known.insert(known.end(), coefficients, coefficients + static_cast<std::ptrdiff_t>(blocks));
    replaced += is_damaged ? 1 : 0;
  }
  std::vector<unsigned char> inverse(blocks * blocks);
  if (gf_invert_matrix(known.data(), inverse.data(), static_cast<int>(blocks)) != 0) {
    return std::nullopt;
  }
  std::vector<unsigned char> wanted;
  for (const std::size_t block : damaged) {
    const auto coefficients = inverse.begin() + static_cast<std::ptrdiff_t>(block * blocks);
    wanted.insert(wanted.end(), coefficients, coefficients + static_cast<std::ptrdiff_t>(blocks));
  }
  std::vector<base::Bytes> made(damaged.size(),
                                base::Bytes(parity_block_bytes(parity.head.pack_bytes)));
  std::vector<unsigned char*> sums = pointers_to(made);
  BlockSums sum{wanted, damaged.size(), blocks};
  for (std::size_t column = 0; column < blocks; ++column) sum.add(column, sources[column], sums);
  return made;
}

}  // namespace

struct ParityEncoder::Tables {
  BlockSums sums;
};

std::size_t parity_block_bytes(std::uint64_t pack_bytes) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(pack_bytes, kMostParityBlockBytes));
}

std::size_t pack_blocks(std::uint64_t pack_bytes) {
  return static_cast<std::size_t>((pack_bytes + kMostParityBlockBytes - 1) / kMostParityBlockBytes);
}

bool Parity::is_stored_as(base::ByteView object) const {
  for (const base::ByteView part : parts()) {
    if (object.size() < part.size() || !std::ranges::equal(object.first(part.size()), part)) {
      return false;
    }
    object = object.subspan(part.size());
  }
  return object.empty();
}

ParityEncoder::ParityEncoder(ChunkClass chunk_class, std::uint64_t pack_bytes) {
  base::check(pack_bytes > 0 && pack_bytes <= kMostPackBytes, "a pack has 1 byte to 64 MiB");
  head_.chunk_class = chunk_class;
  head_.pack_bytes = pack_bytes;
  const std::size_t blocks = pack_blocks(pack_bytes);
  std::vector<unsigned char> matrix = cauchy_matrix(blocks);
  const std::span below = std::span{matrix}.subspan(blocks * blocks);
  tables_ = std::make_unique<Tables>(Tables{BlockSums{below, kParityBlocks, blocks}});
  for (base::Bytes& block : blocks_) block.resize(parity_block_bytes(pack_bytes));
}

ParityEncoder::~ParityEncoder() = default;

void ParityEncoder::add(base::ByteView block) {
  const std::size_t number = head_.pack_checksums.size();
  const std::uint64_t begin = std::uint64_t{number} * kMostParityBlockBytes;
  base::check(begin < head_.pack_bytes &&
                  block.size() == std::min<std::uint64_t>(head_.pack_bytes - begin,
                                                          parity_block_bytes(head_.pack_bytes)),
              "blocks come in order, and whole");
  std::vector<unsigned char*> sums = pointers_to(blocks_);
  tables_->sums.add(number, block, sums);
  head_.pack_checksums.push_back(crc32c(block));
}

Parity ParityEncoder::finish(const PackId& pack) {
  base::check(head_.pack_checksums.size() == pack_blocks(head_.pack_bytes),
              "parity is of a whole pack");
  head_.pack = pack;
  for (std::size_t number = 0; number < kParityBlocks; ++number) {
    head_.parity_checksums.at(number) = crc32c(blocks_.at(number));
  }
  return {encode(head_), std::move(blocks_)};
}

Parity encode_parity(ChunkClass chunk_class, const PackId& pack, base::ByteView bytes) {
  ParityEncoder encoder{chunk_class, bytes.size()};
  for (std::size_t number = 0; number < pack_blocks(bytes.size()); ++number) {
    encoder.add(block_of(bytes, number));
  }
  return encoder.finish(pack);
}

std::optional<StoredParity> decode_parity(const PackId& pack, base::ByteView object) {
  if (object.size() < kParityHeadBytes || object.size() > kMostParityBytes) return std::nullopt;
  const std::optional<ParityHead> front = decode_head(pack, object.first(kParityHeadBytes));
  const std::optional<ParityHead> back = decode_head(pack, object.last(kParityHeadBytes));
  if (!front && !back) return std::nullopt;
  StoredParity parity;
  parity.head = front ? *front : *back;
  const std::size_t block_bytes = parity_block_bytes(parity.head.pack_bytes);
  parity.is_whole =
      front == back && object.size() == 2 * kParityHeadBytes + kParityBlocks * block_bytes;
  base::ByteView rest = object.subspan(kParityHeadBytes);
  for (std::size_t number = 0; number < kParityBlocks; ++number) {
    const base::ByteView block = rest.first(std::min(rest.size(), block_bytes));
    rest = rest.subspan(block.size());
    if (block.size() == block_bytes && crc32c(block) == parity.head.parity_checksums.at(number)) {
      parity.blocks.at(number) = base::to_bytes(block);
    } else {
      parity.is_whole = false;
    }
  }
  return parity;
}

std::optional<base::Bytes> heal_pack(const StoredParity& parity, base::Bytes left) {
  left.resize(static_cast<std::size_t>(parity.head.pack_bytes));
  const std::vector<std::size_t> damaged = damaged_blocks(parity.head, left);
  if (!damaged.empty()) {
    const auto made = make_again(parity, left, damaged);
    if (!made) return std::nullopt;
    for (std::size_t i = 0; i < damaged.size(); ++i) {
      const std::size_t size = block_of(left, damaged[i]).size();
      std::copy_n((*made)[i].begin(), size,
                  left.begin() + static_cast<std::ptrdiff_t>(damaged[i] * kMostParityBlockBytes));
    }
  }
  if (base::sha256(left).bytes != parity.head.pack.bytes) return std::nullopt;
  return left;
}

}  // namespace store

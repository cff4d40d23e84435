// micro_bench: each stage of the pipeline by itself, on pieces of the corpus as large as chunks
// are. Rates are of plaintext, by one thread.
#include "src/base/base64.h"
#include "src/base/digest.h"
#include "store/index.h"
#include "store/internal/chunk_encoder.h"
#include "store/internal/chunker.h"
#include "store/internal/codec.h"
#include "tests/bench/corpus.h"
#include "tests/support/temporary_directory.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace {

using benchmark::State;

constexpr std::uint64_t kCorpusBytes = 16'000'000;
constexpr std::array<std::byte, 12> kNonce{};

const base::Bytes& key() {
  static const base::Bytes bytes(32, std::byte{7});
  return bytes;
}

// Streams of mail behind each other.
const base::Bytes& corpus() {
  static const base::Bytes bytes = [] {
    base::Bytes all;
    bench::make_corpus({1, kCorpusBytes},
                       [&](const std::string&, const std::string&, const base::Bytes& stream) {
                         if (all.size() < kCorpusBytes) base::append(all, stream);
                       });
    return all;
  }();
  return bytes;
}

// The pieces of the corpus in turn, of the size that is asked for.
class Pieces {
 public:
  explicit Pieces(const State& state) : size_(static_cast<std::size_t>(state.range(0))) {
    corpus();  // made before anything is timed
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  base::ByteView next() {
    if (at_ + size_ > corpus().size()) at_ = 0;
    const base::ByteView piece = base::ByteView{corpus()}.subspan(at_, size_);
    at_ += size_;
    return piece;
  }

 private:
  std::size_t size_;
  std::size_t at_ = 0;
};

void tell_rate(State& state, std::size_t bytes_each) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes_each));
}

void bm_sha256_of_stream(State& state) {
  Pieces pieces{state};
  base::Sha256Stream stream;
  for (auto _ : state) stream.update(pieces.next());
  benchmark::DoNotOptimize(stream.finish());
  tell_rate(state, pieces.size());
}

void bm_chunk_id(State& state) {
  Pieces pieces{state};
  const auto codec = store::make_zstd_codec();
  const store::ChunkEncoder encoder{key(), *codec};
  for (auto _ : state) {
    benchmark::DoNotOptimize(encoder.id_of(store::ChunkClass::data, pieces.next()));
  }
  tell_rate(state, pieces.size());
}

void bm_cut(State& state) {
  const store::GearTable gear{key()};
  corpus();
  std::uint64_t chunks = 0;
  for (auto _ : state) {
    store::Chunker chunker{gear};
    base::ByteView rest{corpus()};
    while (!rest.empty()) {
      const store::Chunker::Step step = chunker.take(rest);
      rest = rest.subspan(step.taken_bytes);
      chunks += step.cut ? 1 : 0;
    }
  }
  tell_rate(state, corpus().size());
  state.counters["chunk_bytes"] = static_cast<double>(corpus().size()) *
                                  static_cast<double>(state.iterations()) /
                                  static_cast<double>(std::max<std::uint64_t>(1, chunks));
}

void bm_compress(State& state) {
  Pieces pieces{state};
  const auto codec = store::make_zstd_codec(static_cast<int>(state.range(1)));
  base::Bytes target(pieces.size());
  double plain = 0;
  double compressed = 0;
  for (auto _ : state) {
    const auto size = codec->compress(pieces.next(), target);
    plain += static_cast<double>(pieces.size());
    compressed += static_cast<double>(size.value_or(pieces.size()));
  }
  tell_rate(state, pieces.size());
  state.counters["ratio"] = compressed / plain;
}

void bm_decompress(State& state) {
  Pieces pieces{state};
  const auto codec = store::make_zstd_codec();
  std::vector<base::Bytes> compressed;
  while (compressed.size() < 64) {
    base::Bytes target(pieces.size());
    const auto size = codec->compress(pieces.next(), target);
    if (!size) continue;
    target.resize(*size);
    compressed.push_back(std::move(target));
  }
  base::Bytes plain(pieces.size());
  std::size_t turn = 0;
  for (auto _ : state) {
    if (!codec->decompress(compressed[turn++ % compressed.size()], plain)) {
      state.SkipWithError("it does not decompress");
    }
  }
  tell_rate(state, pieces.size());
}

void bm_seal(State& state) {
  base::Bytes record(static_cast<std::size_t>(state.range(0)) + 16, std::byte{3});
  for (auto _ : state) store::seal_chacha20(key(), kNonce, {}, record);
  tell_rate(state, record.size() - 16);
}

void bm_open(State& state) {
  base::Bytes sealed(static_cast<std::size_t>(state.range(0)) + 16, std::byte{3});
  store::seal_chacha20(key(), kNonce, {}, sealed);
  base::Bytes plain(sealed.size() - 16);
  for (auto _ : state) {
    if (!store::open_chacha20(key(), kNonce, {}, sealed, plain)) {
      state.SkipWithError("it does not open");
    }
  }
  tell_rate(state, plain.size());
}

void bm_base64(State& state) {
  const std::string text = base::base64_encode(corpus());
  const std::size_t size = static_cast<std::size_t>(state.range(0)) / 4 * 4;
  base::Bytes out;
  std::size_t at = 0;
  for (auto _ : state) {
    base::Base64Decoder decoder;
    out.clear();
    if (at + size > text.size() - 4) at = 0;
    if (!decoder.decode(std::string_view{text}.substr(at, size), out)) {
      state.SkipWithError("it is no base64");
    }
    at += size;
  }
  tell_rate(state, size);
}

// An index of packs of 3,000 chunks.
class FilledIndex {
 public:
  explicit FilledIndex(std::uint64_t chunks)
      : index_(store::Index::open(directory_ / "index", store::RepositoryId{},
                                  store::Index::Mode::create)) {
    for (std::uint64_t pack = 0; pack * kOfPack < chunks; ++pack) {
      std::vector<store::IndexedChunk> entries;
      for (std::uint64_t i = 0; i < kOfPack; ++i) entries.push_back({id(pack * kOfPack + i), {}});
      store::PackRow row;
      row.id = store::PackId{base::sha256(id(~pack).view()).bytes};
      row.tenant_tag.resize(16);
      row.chunks = kOfPack;
      index_->add_pack(row, entries);
    }
  }
  [[nodiscard]] bool has(std::uint64_t number) const {
    return index_->find(kTag, id(number)).has_value();
  }
  static constexpr std::uint64_t kOfPack = 3000;

 private:
  static store::ChunkId id(std::uint64_t number) {
    std::array<std::byte, 8> seed;
    base::store_le(seed.data(), number);
    return store::ChunkId{base::sha256(seed).bytes};
  }
  static constexpr std::array<std::byte, 16> kTag{};
  test::TemporaryDirectory directory_;
  std::unique_ptr<store::Index> index_;
};

constexpr std::uint64_t kIndexed = 300'000;

void look_up(State& state, std::uint64_t offset, bool expected) {
  static const FilledIndex index{kIndexed};
  std::uint64_t number = 0;
  for (auto _ : state) {
    number = (number + 7919) % kIndexed;
    if (index.has(offset + number) != expected) state.SkipWithError("a wrong answer");
  }
  state.SetItemsProcessed(state.iterations());
}

void bm_index_hit(State& state) { look_up(state, 0, true); }
void bm_index_miss(State& state) { look_up(state, std::uint64_t{1} << 40, false); }

constexpr std::int64_t kKiB = 1024;

BENCHMARK(bm_sha256_of_stream)->Arg(16 * kKiB)->Arg(64 * kKiB);
BENCHMARK(bm_chunk_id)->Arg(4 * kKiB)->Arg(16 * kKiB)->Arg(64 * kKiB);
BENCHMARK(bm_cut);
BENCHMARK(bm_compress)->ArgsProduct({{16 * kKiB, 64 * kKiB}, {1, 3}});
BENCHMARK(bm_decompress)->Arg(16 * kKiB)->Arg(64 * kKiB);
BENCHMARK(bm_seal)->Arg(4 * kKiB)->Arg(16 * kKiB)->Arg(64 * kKiB);
BENCHMARK(bm_open)->Arg(4 * kKiB)->Arg(16 * kKiB)->Arg(64 * kKiB);
BENCHMARK(bm_base64)->Arg(64 * kKiB);
BENCHMARK(bm_index_hit);
BENCHMARK(bm_index_miss);

}  // namespace

BENCHMARK_MAIN();

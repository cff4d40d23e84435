#include "tests/bench/primitives.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/release.h"

#include <zstd.h>

#include <functional>
#include <memory>

namespace bench {
namespace {

using Compressor = std::unique_ptr<ZSTD_CCtx, base::Release<&ZSTD_freeCCtx>>;

// `work` returns what one file became; reading the file is not counted.
PrimitiveResult over_files(const std::filesystem::path& corpus,
                           const std::function<std::uint64_t(base::ByteView)>& work) {
  PrimitiveResult result;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{corpus}) {
    if (!entry.is_regular_file()) continue;
    const base::Bytes bytes = base::read_file(entry.path());
    const Cost cost = measure([&] { result.bytes_out += work(bytes); });
    result.cost.wall_seconds += cost.wall_seconds;
    result.cost.cpu_seconds += cost.cpu_seconds;
    result.cost.peak_memory_bytes = cost.peak_memory_bytes;
  }
  return result;
}

}  // namespace

PrimitiveResult compress_corpus(const std::filesystem::path& corpus) {
  const Compressor compressor{ZSTD_createCCtx()};
  base::check(compressor != nullptr, "a zstd context can be made");
  base::Bytes target;
  return over_files(corpus, [&](base::ByteView bytes) -> std::uint64_t {
    target.resize(ZSTD_compressBound(bytes.size()));
    const std::size_t size = ZSTD_compressCCtx(compressor.get(), target.data(), target.size(),
                                               bytes.data(), bytes.size(), 3);
    base::check(ZSTD_isError(size) == 0, "zstd compresses into a buffer of its own bound");
    return size;
  });
}

PrimitiveResult hash_corpus(const std::filesystem::path& corpus) {
  return over_files(corpus, [](base::ByteView bytes) -> std::uint64_t {
    return base::sha256(bytes).view().size();
  });
}

}  // namespace bench

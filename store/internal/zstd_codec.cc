#include "src/base/error.h"
#include "src/base/release.h"
#include "src/base/text.h"
#include "store/internal/codec.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <memory>
#include <new>

namespace store {
namespace {

using CompressionContext = std::unique_ptr<ZSTD_CCtx, base::Release<&ZSTD_freeCCtx>>;
using DecompressionContext = std::unique_ptr<ZSTD_DCtx, base::Release<&ZSTD_freeDCtx>>;

ZSTD_CCtx* compression_context() {
  thread_local const CompressionContext context{ZSTD_createCCtx()};
  if (!context) throw std::bad_alloc{};
  return context.get();
}

ZSTD_DCtx* decompression_context() {
  thread_local const DecompressionContext context{ZSTD_createDCtx()};
  if (!context) throw std::bad_alloc{};
  return context.get();
}

class ZstdCodec final : public Codec {
 public:
  explicit ZstdCodec(int level) : level_(level) {}

  [[nodiscard]] std::optional<std::size_t> compress(base::ByteView plain,
                                                    base::MutableByteView target) const override {
    const std::size_t result = ZSTD_compressCCtx(compression_context(), target.data(),
                                                 target.size(), plain.data(), plain.size(), level_);
    if (ZSTD_isError(result) == 0) return result;
    if (ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall) return std::nullopt;
    throw base::Error{base::ErrorKind::failed,
                      base::text("zstd cannot compress: ", ZSTD_getErrorName(result))};
  }

  [[nodiscard]] bool decompress(base::ByteView compressed,
                                base::MutableByteView target) const override {
    const std::size_t result =
        ZSTD_decompressDCtx(decompression_context(), target.data(), target.size(),
                            compressed.data(), compressed.size());
    return ZSTD_isError(result) == 0 && result == target.size();
  }

 private:
  int level_;
};

}  // namespace

std::unique_ptr<Codec> make_zstd_codec(int level) { return std::make_unique<ZstdCodec>(level); }

}  // namespace store

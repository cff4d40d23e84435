#include "store/journal.h"

#include "store/internal/sodium.h"
#include "store/memory_backend.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

using base::ErrorKind;

constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kNonceOffset = 72;
constexpr const char* kObject = "audit/0000000000000001";

std::optional<base::Bytes> read(base::ByteView object) {
  store::MemoryBackend backend;
  backend.plant(kObject, base::to_bytes(object));
  return unless_refused({ErrorKind::corrupt, ErrorKind::usage}, [&] {
    return store::Journal{backend, fixed_keys(), "audit"}.read_one(1);
  });
}

}  // namespace

// First an octet: odd, and the rest is an object as it is; else changes of the header before it is
// sealed, then the content that is sealed under it.
void fuzz_journal(base::ByteView input) {
  InputReader reader{input};
  if (reader.octet() % 2 == 1) {
    static_cast<void>(read(reader.rest()));
    return;
  }
  store::MemoryBackend backend;
  store::Journal{backend, fixed_keys(), "audit"}.append({});
  base::Bytes object = backend.read(kObject, 0, kHeaderBytes);
  store::Nonce24 nonce{};
  std::ranges::copy(nonce, object.begin() + kNonceOffset);
  patch(object, reader);
  std::ranges::copy(base::ByteView{object}.subspan(kNonceOffset, nonce.size()), nonce.begin());
  base::Bytes bound = object;
  base::append(bound, base::as_bytes(std::string_view{kObject}));
  const base::ByteView content = reader.rest();
  base::append(object, store::seal_xchacha20(fixed_keys().log_key(), nonce, bound, content));
  const auto opened = read(object);
  if (opened) hold(std::ranges::equal(*opened, content), "an entry is what was sealed");
}

}  // namespace fuzz

#include "store/internal/self_checked.h"

#include "src/base/text.h"
#include "store/internal/repository_config.h"
#include "store/memory_backend.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

// For each copy: whether it is there, and sealed; its length; its bytes.
void plant_copies(store::MemoryBackend& backend, InputReader& input) {
  for (int copy = 0; copy < store::kCopies; ++copy) {
    const std::uint8_t form = input.octet();
    base::Bytes bytes = base::to_bytes(input.take(input.number<std::uint16_t>() % 5000));
    if ((form & 2) != 0) {  // with the magic in front
      base::Bytes whole = base::to_bytes(store::config_magic());
      base::append(whole, bytes);
      bytes = std::move(whole);
    }
    if ((form & 4) != 0) bytes = store::self_checked(bytes);
    if ((form & 1) != 0) backend.plant(base::text("conf/", copy), std::move(bytes));
  }
}

}  // namespace

void fuzz_self_checked(base::ByteView input) {
  InputReader reader{input};
  store::MemoryBackend backend;
  plant_copies(backend, reader);
  const store::SelfCheckedCopies copies =
      store::read_copies(backend, "conf/", store::config_magic());
  hold(copies.any_present == !backend.names("conf/").empty(), "a copy that is there is seen");
  std::uint64_t revision = ~std::uint64_t{0};
  for (const base::Bytes& content : copies.contents) {
    hold(content.size() >= store::kSelfCheckedHeadBytes &&
             std::ranges::equal(base::ByteView{content}.first(store::config_magic().size()),
                                store::config_magic()),
         "a whole copy has a head");
    hold(store::decode_head(content).revision <= revision, "the newest copy comes first");
    revision = store::decode_head(content).revision;
  }
  hold(copies.contents.empty() == (copies.damaged.size() == store::kCopies),
       "all copies are damaged, or one of them is the newest");
  if (copies.contents.empty()) return;
  store::write_copies(backend, "conf/", copies.contents.front());
  const store::SelfCheckedCopies healed =
      store::read_copies(backend, "conf/", store::config_magic());
  hold(healed.contents.size() == 1 && healed.contents.front() == copies.contents.front() &&
           healed.damaged.empty(),
       "copies that are written again are whole and alike");
}

}  // namespace fuzz

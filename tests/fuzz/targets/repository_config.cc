#include "store/internal/repository_config.h"

#include "src/base/digest.h"
#include "store/internal/sodium.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

void fuzz_repository_config(base::ByteView input) {
  using base::ErrorKind;
  constexpr std::size_t kTaggedBytes = 96;
  if (input.size() < store::kSelfCheckedHeadBytes) return;  // copies have been found to have a head
  const auto config = unless_refused({ErrorKind::corrupt, ErrorKind::usage},
                                     [&] { return store::decode_config(input); });
  if (!config) return;
  const base::Secret key = store::derive_subkey(fixed_master().bytes(), 1, "cofferMK");
  const base::Bytes again = store::encode_config(*config, key.bytes());
  // The magic is looked at where the copies are read.
  const std::size_t magic = store::config_magic().size();
  hold(std::ranges::equal(base::ByteView{again}.subspan(magic, kTaggedBytes - magic),
                          input.subspan(magic, kTaggedBytes - magic)),
       "a configuration has one encoding");
  hold(store::is_authentic_config(again, key.bytes()), "what we write is authentic");
  hold(store::is_authentic_config(input, key.bytes()) ==
           (base::hmac_sha256(key.bytes(), input.first(kTaggedBytes)) ==
            base::Sha256::from(input.subspan(kTaggedBytes))),
       "only the tag makes a configuration authentic");
}

}  // namespace fuzz

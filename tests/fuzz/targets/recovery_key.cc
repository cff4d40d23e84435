#include "store/internal/recovery_key.h"

#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

using store::RecoveryKeyForm;

void check_printed(const base::Secret& key) {
  const base::Secret printed = store::print_recovery_key(key);
  const store::ParsedRecoveryKey parsed = store::parse_recovery_key(printed);
  hold(parsed.form == RecoveryKeyForm::whole && parsed.key.text() == key.text(),
       "a printed recovery key is read back");
  for (std::size_t i = 0; i < printed.text().size(); ++i) {
    std::string slip{printed.text()};
    if (slip[i] == '-') continue;
    slip[i] = slip[i] == '7' ? '8' : '7';
    const auto typed = store::parse_recovery_key(base::Secret{std::string_view{slip}});
    hold(typed.form != RecoveryKeyForm::none, "a slip of the finger still looks like a key");
  }
}

}  // namespace

void fuzz_recovery_key(base::ByteView input) {
  if (input.size() == store::kRecoveryKeyBytes) check_printed(base::Secret{input});
  const store::ParsedRecoveryKey parsed = store::parse_recovery_key(base::Secret{input});
  hold((parsed.form == RecoveryKeyForm::whole) ==
           (parsed.key.bytes().size() == store::kRecoveryKeyBytes),
       "a key comes from a whole one, and from nothing else");
  if (parsed.form == RecoveryKeyForm::whole) check_printed(parsed.key);
}

}  // namespace fuzz

#include "store/internal/entries.h"

#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

using base::ErrorKind;

// Texts may have been packed in a needless way, so what is compared is the meaning.
template <typename Decode>
void check_value(Decode decode, base::ByteView bytes) {
  const auto value = unless_refused({ErrorKind::corrupt}, [&] { return decode(bytes); });
  if (!value) return;
  const base::Bytes again = store::encode(*value);
  hold(decode(again) == *value, "an entry that is written again means the same");
  hold(store::encode(decode(again)) == again, "an entry that we wrote has one encoding");
}

void check_item(base::ByteView key, base::ByteView bytes) {
  const std::string text{base::as_text(key)};
  const auto decode = [&](base::ByteView value) {
    return store::decode_item("folder", text, value);
  };
  check_value(decode, bytes);
  const auto whole = unless_refused({ErrorKind::corrupt}, [&] { return decode(bytes); });
  if (whole) {
    hold(store::decode_item_content(bytes) == whole->content, "the content alone is the same");
  } else {
    static_cast<void>(
        unless_refused({ErrorKind::corrupt}, [&] { return store::decode_item_content(bytes); }));
  }
}

void check_key(base::ByteView folder, base::ByteView item) {
  const std::string key = store::item_key(base::as_text(folder), base::as_text(item));
  hold(store::item_id(key) == base::as_text(item), "a key tells its item");
  const std::string folder_key = store::folder_key(base::as_text(folder));
  hold(store::folder_part(key) == folder_key, "a key tells its folder");
  hold(folder_key <= key && key < store::end_of_folder(folder_key),
       "an item lies within its folder");
}

}  // namespace

// Which kind, the length of a key, the key, the value.
void fuzz_entries(base::ByteView input) {
  InputReader reader{input};
  const std::uint8_t kind = reader.octet();
  const base::ByteView key = reader.take(reader.octet());
  const base::ByteView value = reader.rest();
  switch (kind % 5) {
    case 0:
      return check_value([](base::ByteView bytes) { return store::decode_folder(bytes); }, value);
    case 1:
      return check_item(key, value);
    case 2:
      return check_value([](base::ByteView bytes) { return store::decode_display(bytes); }, value);
    case 3:
      return check_key(key, value);
    default:
      static_cast<void>(unless_refused({ErrorKind::corrupt},
                                       [&] { return store::item_id(base::as_text(value)); }));
  }
}

}  // namespace fuzz

#include "store/internal/commit_record.h"

#include "store/internal/sodium.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

using base::ErrorKind;

constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kNonceOffset = 88;

store::CommitRecord first_record() {
  store::CommitRecord record;
  record.writer.bytes.fill(std::byte{0x22});
  record.sequence = 1;
  return record;
}

std::optional<store::CommitRecord> open(base::ByteView object) {
  const store::CommitRecord place = first_record();
  return unless_refused({ErrorKind::corrupt, ErrorKind::usage}, [&] {
    return store::open_commit(object, store::commit_name(place.writer, place.sequence),
                              fixed_keys());
  });
}

base::Bytes payload_of(base::ByteView object) {
  store::Nonce24 nonce;
  std::ranges::copy(object.subspan(kNonceOffset, nonce.size()), nonce.begin());
  auto payload = store::open_xchacha20(fixed_keys().log_key(), nonce, object.first(kHeaderBytes),
                                       object.subspan(kHeaderBytes));
  hold(payload.has_value(), "what was sealed can be opened");
  return std::move(*payload);
}

}  // namespace

// First an octet: odd, and the rest is an object as it is; else changes of the header before it is
// sealed, then the payload that is sealed under it.
void fuzz_commit_record(base::ByteView input) {
  InputReader reader{input};
  if (reader.octet() % 2 == 1) {
    static_cast<void>(open(reader.rest()));
    return;
  }
  base::Bytes object = store::seal_commit(first_record(), fixed_keys());
  object.resize(kHeaderBytes);
  store::Nonce24 nonce{};
  std::ranges::copy(nonce, object.begin() + kNonceOffset);
  patch(object, reader);
  std::ranges::copy(base::ByteView{object}.subspan(kNonceOffset, nonce.size()), nonce.begin());
  const base::ByteView payload = reader.rest();
  base::append(object, store::seal_xchacha20(fixed_keys().log_key(), nonce, object, payload));

  const auto record = open(object);
  if (!record) return;
  const base::Bytes again = store::seal_commit(*record, fixed_keys());
  hold(std::ranges::equal(payload_of(again), payload), "a commit record has one encoding");
  hold(std::ranges::equal(base::ByteView{again}.first(kNonceOffset),
                          base::ByteView{object}.first(kNonceOffset)),
       "the header of a commit record has one encoding");
}

}  // namespace fuzz

#include "store/journal.h"

#include "src/base/random.h"
#include "src/base/text.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/name_digits.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace store {
namespace {

constexpr std::array<char, 8> kMagic{'\x8f', 'C', 'J', 'R', 'N', '\r', '\n', '\x1a'};
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kHeaderBytes = 128;
// There is none so high: whoever put it there wants no more to come after it.
constexpr std::uint64_t kMostSequence = 1'000'000'000'000'000;
// Of processes that add at once; something else stands in the way then.
constexpr int kAttempts = 1000;

base::Error damaged(const std::string& object, std::string_view how) {
  return {base::ErrorKind::corrupt, base::text(object, " of the store ", how)};
}

// The header, and the name that the object has to have.
base::Bytes associated(base::ByteView header, std::string_view object) {
  base::Bytes associated = base::to_bytes(header);
  base::append(associated, base::as_bytes(object));
  return associated;
}

// For those who only want to know what is there.
void ignore(const base::Error& /*error*/) {}

}  // namespace

Journal::Journal(Backend& backend, const KeyRing& keys, std::string name)
    : backend_(&backend), keys_(&keys), name_(std::move(name)) {}

std::string Journal::object_of(std::uint64_t sequence) const {
  return base::text(name_, "/", number_digits(sequence));
}

std::vector<std::uint64_t> Journal::sequences(const OnError& on_error) const {
  const std::string prefix = base::text(name_, "/");
  std::vector<std::uint64_t> sequences;
  backend_->list(prefix, [&](const std::string& object, std::uint64_t) {
    const std::uint64_t sequence =
        number_of_digits(std::string_view{object}.substr(prefix.size())).value_or(0);
    if (sequence == 0 || sequence > kMostSequence) {
      on_error(damaged(object, "is no entry, but lies among them"));
    } else {
      sequences.push_back(sequence);
    }
  });
  std::ranges::sort(sequences);
  return sequences;
}

base::Bytes Journal::read_object(const std::string& object) const {
  const std::optional<std::uint64_t> size = backend_->size_bytes(object);
  if (!size) throw base::Error{base::ErrorKind::not_found, base::text("there is no ", object)};
  if (*size > kHeaderBytes + kMostContentBytes + kSealTagBytes) {
    throw damaged(object, "is larger than an entry can be");
  }
  return backend_->read(object, 0, static_cast<std::size_t>(*size));
}

Journal::Opened Journal::open(base::ByteView object, const std::string& name,
                              std::uint64_t sequence) const {
  if (object.size() < kHeaderBytes + kSealTagBytes) throw damaged(name, "is cut short");
  const base::ByteView header = object.first(kHeaderBytes);
  FixedFieldReader fields{header, base::text(name, " of the store")};
  if (!std::ranges::equal(fields.raw(kMagic.size()),
                          base::as_bytes({kMagic.data(), kMagic.size()}))) {
    throw damaged(name, "is no entry of a journal");
  }
  const auto format = fields.number<std::uint32_t>();
  if (format > kFormat) {
    throw base::Error{base::ErrorKind::usage,
                      base::text(name, " was written by a newer program: update this one")};
  }
  fields.zeros(sizeof(std::uint32_t));
  if (fields.fixed<RepositoryId>() != keys_->repository()) {
    throw damaged(name, "belongs to another store");
  }
  if (format == 0 || fields.number<std::uint64_t>() != sequence) {
    throw damaged(name, "was made for another place");
  }
  Opened opened;
  opened.previous = fields.fixed<base::Sha256>();
  Nonce24 nonce;
  std::ranges::copy(fields.raw(nonce.size()), nonce.begin());
  std::optional<base::Bytes> plain = open_xchacha20(
      keys_->log_key(), nonce, associated(header, name), object.subspan(kHeaderBytes));
  if (!plain) throw damaged(name, "is not what was written");
  opened.content = std::move(*plain);
  return opened;
}

Journal::Head Journal::head() const {
  const std::vector<std::uint64_t> known = sequences(ignore);
  if (known.empty()) return {};
  Head head{known.back(), {}};
  try {
    head.hash = base::sha256(read_object(object_of(head.sequence)));
  } catch (const base::Error&) {
    // What follows must be possible all the same, and read() tells why it is tied to nothing.
  }
  return head;
}

std::optional<Journal::Head> Journal::append_after(const Head& head, base::ByteView content) {
  base::check(content.size() <= kMostContentBytes, "entries of a journal are small");
  const std::uint64_t sequence = head.sequence + 1;
  const std::string name = object_of(sequence);
  Nonce24 nonce;
  base::fill_random(nonce);
  base::Bytes object = FixedFieldWriter{}
                           .raw(base::as_bytes({kMagic.data(), kMagic.size()}))
                           .number(kFormat)
                           .number(std::uint32_t{0})
                           .raw(keys_->repository().view())
                           .number(sequence)
                           .raw(head.hash.view())
                           .raw(nonce)
                           .fill_to(kHeaderBytes)
                           .take();
  base::append(object, seal_xchacha20(keys_->log_key(), nonce, associated(object, name), content));
  const base::ByteView whole = object;
  if (backend_->put_if_absent(name, {&whole, 1}) == Backend::Put::exists) return std::nullopt;
  return Head{sequence, base::sha256(object)};
}

Journal::Head Journal::append(base::ByteView content) {
  for (int left = kAttempts; left > 0; --left) {
    if (const auto added = append_after(head(), content)) return *added;
  }
  throw damaged(object_of(head().sequence + 1), "is in the way of the next entry");
}

Journal::Head Journal::read(const OnEntry& on_entry, const OnError& on_error) const {
  Head head;
  for (const std::uint64_t sequence : sequences(on_error)) {
    const std::string name = object_of(sequence);
    const std::uint64_t missing = sequence - head.sequence - 1;
    if (missing > 0) {
      on_error(damaged(object_of(head.sequence + 1),
                       missing == 1 ? std::string{"is missing"}
                                    : base::text("and ", missing - 1, " after it are missing")));
    }
    const Head before = std::exchange(head, {sequence, {}});
    try {
      const base::Bytes object = read_object(name);
      head.hash = base::sha256(object);
      const Opened opened = open(object, name, sequence);
      const bool follows = opened.previous == before.hash && missing == 0;
      if (!follows && missing == 0) on_error(damaged(name, "does not follow the one before it"));
      on_entry(sequence, opened.content);
    } catch (const base::Error& error) {
      on_error(error);
    }
  }
  return head;
}

base::Bytes Journal::read_one(std::uint64_t sequence) const {
  const std::string name = object_of(sequence);
  return open(read_object(name), name, sequence).content;
}

void Journal::remove() {
  for (const std::uint64_t sequence : sequences(ignore)) backend_->remove(object_of(sequence));
}

std::vector<std::string> Journals::names_below(std::string_view prefix) const {
  const std::string below = base::text(prefix, "/");
  std::set<std::string> names;
  backend_->list(below, [&](const std::string& object, std::uint64_t) {
    const std::size_t end = object.find('/', below.size());
    if (end != std::string::npos) names.insert(object.substr(0, end));
  });
  return {names.begin(), names.end()};
}

}  // namespace store

#include "store/internal/self_checked.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/fixed_fields.h"

#include <algorithm>
#include <optional>

namespace store {
namespace {

constexpr std::uint64_t kLargestBytes = 4096;

std::string copy_name(const std::string& name, int copy) { return base::text(name, copy); }

// Empty unless the copy is whole.
std::optional<base::Bytes> content_of(base::Bytes copy, const Magic& magic) {
  if (copy.size() < kSelfCheckedHeadBytes + base::Sha256::kSizeBytes) return std::nullopt;
  const base::ByteView whole = copy;
  const base::ByteView content = whole.first(copy.size() - base::Sha256::kSizeBytes);
  if (!std::ranges::equal(content.first(magic.size()), magic)) return std::nullopt;
  if (base::sha256(content) != base::Sha256::from(whole.subspan(content.size()))) {
    return std::nullopt;
  }
  copy.resize(content.size());
  return copy;
}

std::uint64_t revision_of(base::ByteView content) { return decode_head(content).revision; }

}  // namespace

Magic make_magic(const char (&letters)[8]) {
  FixedFieldWriter fields;
  fields.number(std::uint8_t{0x89}).raw(base::as_bytes(letters)).raw(base::as_bytes("\r\n\x1a\n"));
  Magic magic;
  std::memcpy(magic.data(), fields.view().data(), magic.size());
  return magic;
}

base::Bytes encode_head(const Magic& magic, const SelfCheckedHead& head) {
  FixedFieldWriter fields;
  fields.raw(magic)
      .number(head.format)
      .raw(head.kinds)
      .raw(head.repository.view())
      .number(head.revision);
  return fields.take();
}

SelfCheckedHead decode_head(base::ByteView content) {
  FixedFieldReader fields{content, "the head of a self-checking object"};
  fields.raw(sizeof(Magic));
  SelfCheckedHead head;
  head.format = fields.number<std::uint16_t>();
  const base::ByteView kinds = fields.raw(2);
  head.kinds = {kinds[0], kinds[1]};
  head.repository = fields.fixed<RepositoryId>();
  head.revision = fields.number<std::uint64_t>();
  return head;
}

SelfCheckedCopies read_copies(const Backend& backend, const std::string& name, const Magic& magic) {
  SelfCheckedCopies copies;
  std::array<std::optional<base::Bytes>, kCopies> found;
  std::optional<base::Error> failure;
  for (int number = 0; number < kCopies; ++number) {
    try {
      const std::optional<std::uint64_t> size = backend.size_bytes(copy_name(name, number));
      if (!size) continue;
      copies.any_present = true;
      if (*size > kLargestBytes) continue;
      auto& copy = found.at(static_cast<std::size_t>(number));
      copy = content_of(backend.read(copy_name(name, number), 0, static_cast<std::size_t>(*size)),
                        magic);
    } catch (const base::Error& error) {
      failure = error;
    }
  }
  for (const auto& copy : found) {
    if (copy && std::ranges::find(copies.contents, *copy) == copies.contents.end()) {
      copies.contents.push_back(*copy);
    }
  }
  if (copies.contents.empty() && failure) throw base::Error{*failure};
  std::ranges::stable_sort(copies.contents, std::ranges::greater{}, revision_of);
  for (int number = 0; number < kCopies; ++number) {
    const auto& copy = found.at(static_cast<std::size_t>(number));
    if (!copy || *copy != copies.contents.front()) {
      copies.damaged.push_back(copy_name(name, number));
    }
  }
  return copies;
}

void write_copies(Backend& backend, const std::string& name, base::ByteView content) {
  const base::Bytes copy = self_checked(content);
  for (int number = 0; number < kCopies; ++number) {
    backend.replace(copy_name(name, number), copy);
  }
}

base::Bytes self_checked(base::ByteView content) {
  base::Bytes copy = base::to_bytes(content);
  base::append(copy, base::sha256(content).view());
  return copy;
}

}  // namespace store

// Small objects that a repository cannot be opened without: three copies, each telling whether it
// is whole, so that a damaged one is passed over and can be written again.
//
// Every one begins with the same fields (FORMAT.md, self-checking objects): magic, format, kind
// bytes, repository id, revision; and ends with the SHA-256 of all before it.
#pragma once

#include "src/base/bytes.h"
#include "store/backend.h"
#include "store/ids.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace store {

inline constexpr int kCopies = 3;
inline constexpr std::uint16_t kFormatVersion = 1;

using Magic = std::array<std::byte, 12>;
// 0x89, seven letters, CR LF, Ctrl-Z, LF: any transfer as text shows.
Magic make_magic(const char (&letters)[8]);

// What is the same in all of them. `kinds` are two bytes whose meaning is each object's own.
struct SelfCheckedHead {
  std::uint16_t format = kFormatVersion;
  std::array<std::byte, 2> kinds{};
  RepositoryId repository;
  std::uint64_t revision = 1;
};
inline constexpr std::size_t kSelfCheckedHeadBytes = 40;

base::Bytes encode_head(const Magic& magic, const SelfCheckedHead& head);
// `content` has at least the head; the magic is not looked at.
SelfCheckedHead decode_head(base::ByteView content);

struct SelfCheckedCopies {
  // The distinct whole contents without their checksum, newest revision first: any but the first
  // only matter if the first turns out to be forged.
  std::vector<base::Bytes> contents;
  // Names of copies that are missing, damaged or older than the newest.
  std::vector<std::string> damaged;
  bool any_present = false;
};

// Reads the copies `name`0 to `name`2 ("conf/0", "keys/….2"). A copy that cannot be read counts as
// damaged; if none can, the backend's error is thrown.
SelfCheckedCopies read_copies(const Backend& backend, const std::string& name, const Magic& magic);

// Writes all copies, one after the other.
void write_copies(Backend& backend, const std::string& name, base::ByteView content);
// The bytes of one copy: the content and its checksum.
base::Bytes self_checked(base::ByteView content);

}  // namespace store

#include "src/base/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace base {
namespace {

constexpr std::string_view kStandardAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// A character outside the alphabet: survives being or-ed with the values of its neighbours.
constexpr std::uint32_t kMalformed = 0x0100'0000;

// One table per position in a quad, its values shifted into place: a quad costs four loads and
// three ors. This is as fast as OpenSSL's decoder, which tolerates white space and '=' anywhere.
using DecodeTable = std::array<std::uint32_t, 256>;
constexpr DecodeTable make_decode_table(unsigned shift) {
  DecodeTable table{};
  table.fill(kMalformed);
  for (std::uint32_t value = 0; value < 64; ++value) {
    table[static_cast<unsigned char>(kStandardAlphabet[value])] = value << shift;
  }
  return table;
}
constexpr std::array<DecodeTable, 4> kDecode{make_decode_table(18), make_decode_table(12),
                                             make_decode_table(6), make_decode_table(0)};

std::uint32_t decode_character(std::size_t position, char character) {
  return kDecode[position][static_cast<unsigned char>(character)];
}

void store_triple(std::byte* target, std::uint32_t value) {
  target[0] = static_cast<std::byte>(value >> 16 & 0xff);
  target[1] = static_cast<std::byte>(value >> 8 & 0xff);
  target[2] = static_cast<std::byte>(value & 0xff);
}

// Decodes whole quads without padding up to the first that is something else; returns how many.
std::size_t decode_quads(std::string_view text, std::byte* target) {
  const std::size_t quads = text.size() / 4;
  const char* source = text.data();
  for (std::size_t quad = 0; quad < quads; ++quad, source += 4, target += 3) {
    const std::uint32_t value = decode_character(0, source[0]) | decode_character(1, source[1]) |
                                decode_character(2, source[2]) | decode_character(3, source[3]);
    if (value >= kMalformed) return quad;
    store_triple(target, value);
  }
  return quads;
}

// "xx==" and "xxx=" with the unused bits zero, as RFC 4648, 3.5 lets a decoder insist on: otherwise
// one content would have several texts. Appends nothing and returns false if `quad` is anything
// else.
bool decode_padded_quad(std::string_view quad, Bytes& out) {
  if (quad[3] != '=') return false;
  const bool two_bytes = quad[2] != '=';
  const std::uint32_t value = decode_character(0, quad[0]) | decode_character(1, quad[1]) |
                              (two_bytes ? decode_character(2, quad[2]) : 0);
  const std::uint32_t unused_bits = two_bytes ? 0xff : 0xffff;
  if (value >= kMalformed || (value & unused_bits) != 0) return false;
  out.push_back(static_cast<std::byte>(value >> 16 & 0xff));
  if (two_bytes) out.push_back(static_cast<std::byte>(value >> 8 & 0xff));
  return true;
}

std::string encode(ByteView bytes, std::string_view alphabet, bool pad) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  char* target = text.data();
  const auto put_quad = [&](std::uint32_t value) {
    target[0] = alphabet[value >> 18];
    target[1] = alphabet[value >> 12 & 63];
    target[2] = alphabet[value >> 6 & 63];
    target[3] = alphabet[value & 63];
    target += 4;
  };
  const auto octet = [&](std::size_t at) { return std::to_integer<std::uint32_t>(bytes[at]); };
  const std::size_t whole = bytes.size() / 3 * 3;
  for (std::size_t at = 0; at < whole; at += 3) {
    put_quad(octet(at) << 16 | octet(at + 1) << 8 | octet(at + 2));
  }
  const std::size_t left = bytes.size() - whole;
  if (left == 0) return text;
  put_quad(octet(whole) << 16 | (left == 2 ? octet(whole + 1) << 8 : 0));
  // The characters that no bit of the content reaches.
  const std::size_t used = text.size() - (3 - left);
  if (pad) {
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(used), text.end(), '=');
  } else {
    text.resize(used);
  }
  return text;
}

}  // namespace

std::string base64_encode(ByteView bytes) { return encode(bytes, kStandardAlphabet, true); }

std::string base64url_encode(ByteView bytes) { return encode(bytes, kUrlAlphabet, false); }

std::optional<Bytes> base64_decode(std::string_view text) {
  Bytes bytes;
  Base64Decoder decoder;
  if (!decoder.decode(text, bytes) || !decoder.complete()) return std::nullopt;
  return bytes;
}

bool Base64Decoder::decode(std::string_view piece, Bytes& out) {
  if (failed_) return false;
  if (pending_size_ > 0) {
    const std::size_t taken = piece.copy(pending_ + pending_size_, 4 - pending_size_);
    pending_size_ += taken;
    piece.remove_prefix(taken);
    if (pending_size_ < 4) return true;
    pending_size_ = 0;
    if (!decode_whole_quads({pending_, 4}, out)) return false;
  }
  const std::size_t whole = piece.size() / 4 * 4;
  if (!decode_whole_quads(piece.substr(0, whole), out)) return false;
  pending_size_ = piece.substr(whole).copy(pending_, 4);
  failed_ = padded_ && pending_size_ > 0;
  return !failed_;
}

bool Base64Decoder::decode_whole_quads(std::string_view quads, Bytes& out) {
  if (quads.empty()) return true;
  const std::size_t old_size = out.size();
  std::size_t decoded = 0;
  if (!padded_) {
    out.resize(old_size + quads.size() / 4 * 3);
    decoded = decode_quads(quads, out.data() + old_size);
    out.resize(old_size + decoded * 3);
  }
  quads.remove_prefix(decoded * 4);
  if (quads.empty()) return true;
  // What is left must be the end of the text.
  failed_ = padded_ || quads.size() != 4 || !decode_padded_quad(quads, out);
  padded_ = true;
  return !failed_;
}

}  // namespace base

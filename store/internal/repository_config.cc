#include "store/internal/repository_config.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/fixed_fields.h"
#include "store/internal/sodium.h"

namespace store {
namespace {

constexpr std::size_t kTaggedBytes = 96;
constexpr std::size_t kConfigBytes = kTaggedBytes + base::Sha256::kSizeBytes;

}  // namespace

const Magic& config_magic() {
  static const Magic magic = make_magic("CFRCONF");
  return magic;
}

const Magic& slot_magic() {
  static const Magic magic = make_magic("CFRSLOT");
  return magic;
}

void check_format(std::uint16_t format, std::string_view what) {
  if (format > kFormatVersion) {
    throw base::Error{base::ErrorKind::usage,
                      base::text(what, " has format ", format, ", newer than this program's ",
                                 kFormatVersion, ": use a newer coffer")};
  }
  if (format == 0) throw base::Error{base::ErrorKind::corrupt, base::text(what, " has format 0")};
}

base::Bytes encode_config(const RepositoryConfig& config, base::ByteView key) {
  SelfCheckedHead head;
  head.kinds = {kAeadXChaCha20Poly1305, kHashSha256};
  head.repository = config.repository;
  head.revision = config.revision;
  FixedFieldWriter fields;
  fields.raw(encode_head(config_magic(), head)).number(config.key_generation).fill_to(kTaggedBytes);
  const base::Sha256 tag = base::hmac_sha256(key, fields.view());
  fields.raw(tag.view());
  return fields.take();
}

RepositoryConfig decode_config(base::ByteView content) {
  const SelfCheckedHead head = decode_head(content);
  check_format(head.format, "the store");
  FixedFieldReader fields{content, "the configuration of the store"};
  fields.raw(kSelfCheckedHeadBytes);
  RepositoryConfig config;
  config.repository = head.repository;
  config.revision = head.revision;
  config.key_generation = fields.number<std::uint32_t>();
  fields.zeros(kTaggedBytes - kSelfCheckedHeadBytes - sizeof(std::uint32_t));
  if (content.size() != kConfigBytes) fields.damaged("has a wrong size");
  if (head.kinds[0] != kAeadXChaCha20Poly1305 || head.kinds[1] != kHashSha256) {
    fields.damaged("names unknown algorithms");
  }
  if (config.key_generation == 0) fields.damaged("has key generation 0");
  return config;
}

bool is_authentic_config(base::ByteView content, base::ByteView key) {
  if (content.size() != kConfigBytes) return false;
  const base::Sha256 tag = base::hmac_sha256(key, content.first(kTaggedBytes));
  return equal_in_constant_time(tag.view(), content.subspan(kTaggedBytes));
}

}  // namespace store

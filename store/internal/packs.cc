#include "store/packs.h"

#include "src/base/digest.h"
#include "src/base/text.h"
#include "store/internal/chunk_encoder.h"
#include "store/internal/crc32c.h"
#include "store/internal/object_name.h"
#include "store/internal/pack_reader.h"
#include "store/internal/parity_objects.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <optional>

namespace store {
namespace {

using base::ErrorKind;

// Holds the table of contents of most packs, so that one read is enough.
constexpr std::uint64_t kFirstTailBytes = std::uint64_t{256} << 10;

std::string name_of(const PackObject& pack) { return pack_name(pack.chunk_class, pack.id); }

void check_size(const PackObject& pack) {
  if (pack.size_bytes > kMostPackBytes || pack.size_bytes < kPackHeaderBytes + kTrailerBytes) {
    throw base::Error{ErrorKind::corrupt,
                      base::text("pack ", name_of(pack), " has an impossible size of ",
                                 pack.size_bytes, " bytes")};
  }
}

TenantOfTag tenants_of(const KeyRing& keys) {
  return [&keys](base::ByteView tag) { return keys.tenant_of_tag(tag); };
}

// Verifies one pack that lies in memory; each step adds what it finds.
class PackVerifier {
 public:
  PackVerifier(const KeyRing& keys, const PackObject& pack, base::ByteView bytes,
               OnIntactChunk on_chunk = {})
      : keys_(keys),
        pack_(pack),
        name_(name_of(pack)),
        bytes_(bytes),
        on_chunk_(std::move(on_chunk)) {}

  PackFindings run() {
    findings_.bytes_read = bytes_.size();
    if (base::sha256(bytes_).bytes != pack_.id.bytes) found("does not match its name");
    try {
      const PackTail tail =
          read_tail(bytes_, bytes_.size(), keys_.repository(), pack_.chunk_class, tenants_of(keys_),
                    name_, [this](std::uint64_t) { return bytes_; });
      verify_header(tail.cipher);
      verify_checksums(tail.checksums);
      for (const ContentsEntry& entry : tail.entries) verify_record(tail.cipher, entry);
    } catch (const base::Error& error) {
      if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::usage) throw;
      findings_.errors.push_back(error.message());
      findings_.contents_lost = true;
      scan();
    }
    return std::move(findings_);
  }

 private:
  void found(const std::string& what) {
    findings_.errors.push_back(base::text("pack ", name_, " ", what));
  }

  void verify_header(const PackCipher& cipher) {
    if (!std::ranges::equal(bytes_.first(kPackHeaderBytes), cipher.encoded_header())) {
      found("has a damaged header");
    }
  }

  void verify_checksums(base::ByteView checksums) {
    const base::ByteView covered =
        bytes_.first(static_cast<std::size_t>(bytes_.size() - kTrailerBytes - checksums.size()));
    const base::Bytes actual = checksums_of(covered);
    for (std::size_t block = 0; block < actual.size() / sizeof(std::uint32_t); ++block) {
      const auto part = [&](base::ByteView all) {
        return base::load_le<std::uint32_t>(all.data() + block * sizeof(std::uint32_t));
      };
      if (part(actual) != part(checksums)) found(base::text("is damaged in MiB ", block));
    }
  }

  void verify_record(const PackCipher& cipher, const ContentsEntry& entry) {
    if (is_intact(cipher, entry)) {
      ++findings_.chunks_verified;
      if (on_chunk_) on_chunk_(cipher.header().tenant_tag, entry.header.id, plaintext_);
      return;
    }
    found(base::text("has a damaged record at ", entry.offset));
    findings_.damaged_chunks.push_back(entry.header.id);
  }

  bool is_intact(const PackCipher& cipher, const ContentsEntry& entry) {
    const base::ByteView record = bytes_.subspan(static_cast<std::size_t>(entry.offset),
                                                 kRecordHeaderBytes + entry.header.sealed_bytes);
    const auto header = cipher.open_header(entry.offset, record.first(kRecordHeaderBytes));
    if (!header || *header != entry.header) return false;
    payload_.resize(entry.header.sealed_bytes - kSealTagBytes);
    if (!cipher.open(entry.offset, *header, record.subspan(kRecordHeaderBytes), payload_))
      return false;
    if (!encoder_) {
      tenant_ = keys_.tenant_of_tag(cipher.header().tenant_tag);
      encoder_.emplace(tenant_->id_key(), *codec_);
    }
    plaintext_.resize(header->plain_bytes);
    try {
      encoder_->decode(*header, payload_, plaintext_);
    } catch (const base::Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      return false;
    }
    return encoder_->id_of(pack_.chunk_class, plaintext_) == header->id;
  }

  // By the header, or by the copy of it that lies at some multiple of 64 near the end.
  [[nodiscard]] std::optional<PackCipher> find_cipher() const {
    for (std::size_t offset = 0; offset + kPackHeaderBytes <= bytes_.size();
         offset += kRecordAlignment) {
      try {
        const base::ByteView header = bytes_.subspan(offset, kPackHeaderBytes);
        const auto tenant = keys_.tenant_of_tag(decode_header(header, name_).tenant_tag);
        return PackCipher::open(header, keys_.repository(), pack_.chunk_class, *tenant, name_);
      } catch (const base::Error& error) {
        if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::usage) throw;
      }
    }
    return std::nullopt;
  }

  // Without its table of contents a pack is read record by record; every one lies at a multiple
  // of 64.
  void scan() {
    const std::optional<PackCipher> cipher = find_cipher();
    if (!cipher) {
      found("has neither its header nor the copy of it");
      return;
    }
    for (std::size_t offset = kPackHeaderBytes; offset + kRecordHeaderBytes <= bytes_.size();) {
      const auto header = cipher->open_header(offset, bytes_.subspan(offset, kRecordHeaderBytes));
      if (!header || header->type != RecordType::chunk ||
          header->sealed_bytes > bytes_.size() - offset - kRecordHeaderBytes) {
        offset += kRecordAlignment;
        continue;
      }
      verify_record(*cipher, {offset, *header});
      offset += static_cast<std::size_t>(record_bytes(header->sealed_bytes));
    }
  }

  const KeyRing& keys_;
  const PackObject& pack_;
  std::string name_;
  base::ByteView bytes_;
  OnIntactChunk on_chunk_;
  PackFindings findings_;
  std::unique_ptr<Codec> codec_ = make_zstd_codec();
  std::shared_ptr<const TenantKeys> tenant_;
  std::optional<ChunkEncoder> encoder_;  // with the tenant's key
  base::Bytes payload_;
  base::Bytes plaintext_;
};

}  // namespace

std::vector<PackObject> list_packs(
    const Backend& backend, const std::function<void(const std::string& name)>& on_stranger) {
  std::vector<PackObject> packs;
  backend.list("pack/", [&](const std::string& name, std::uint64_t size_bytes) {
    for (const ChunkClass chunk_class : {ChunkClass::metadata, ChunkClass::data}) {
      if (const std::optional<PackId> id = pack_id_of(chunk_class, name)) {
        packs.push_back({*id, chunk_class, size_bytes});
        return;
      }
    }
    on_stranger(name);
  });
  std::ranges::sort(packs, [](const PackObject& left, const PackObject& right) {
    if (left.chunk_class != right.chunk_class) return left.chunk_class == ChunkClass::metadata;
    return left.id < right.id;
  });
  return packs;
}

PackContents read_pack_contents(const Backend& backend, const KeyRing& keys,
                                const PackObject& pack) {
  check_size(pack);
  const std::string name = name_of(pack);
  const std::uint64_t first = std::min(pack.size_bytes, kFirstTailBytes);
  const base::Bytes tail_bytes =
      backend.read(name, pack.size_bytes - first, static_cast<std::size_t>(first));
  base::Bytes longer;
  const auto more = [&](std::uint64_t from) -> base::ByteView {
    longer = backend.read(name, from, static_cast<std::size_t>(pack.size_bytes - from));
    return longer;
  };
  const PackTail tail = read_tail(tail_bytes, pack.size_bytes, keys.repository(), pack.chunk_class,
                                  tenants_of(keys), name, more);
  PackContents contents;
  contents.row.id = pack.id;
  contents.row.chunk_class = pack.chunk_class;
  contents.row.tenant_tag = base::to_bytes(tail.cipher.header().tenant_tag);
  contents.row.generation = tail.cipher.header().generation;
  contents.row.size_bytes = pack.size_bytes;
  contents.chunks = indexed_chunks(tail.entries);
  contents.row.chunks = static_cast<std::uint32_t>(contents.chunks.size());
  return contents;
}

void read_contents_of_packs(
    const Backend& backend, const KeyRing& keys, std::span<const PackObject> packs,
    const std::function<void(const PackContents&)>& on_pack,
    const std::function<void(const PackObject&, const base::Error&)>& on_damaged,
    std::stop_token stop) {
  for (const PackObject& pack : packs) {
    if (stop.stop_requested()) {
      throw base::Error{ErrorKind::cancelled, "reading the packs was stopped"};
    }
    std::optional<PackContents> contents;
    try {
      contents = read_pack_contents(backend, keys, pack);
    } catch (const base::Error& error) {
      // Whatever else ends it is no fault of the pack.
      if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::not_found &&
          error.kind() != ErrorKind::disk && error.kind() != ErrorKind::usage) {
        throw;
      }
      on_damaged(pack, error);
    }
    if (contents) on_pack(*contents);
  }
}

PackFindings salvage_pack(const KeyRing& keys, const PackObject& pack, base::ByteView left,
                          const OnIntactChunk& on_chunk) {
  return PackVerifier{keys, pack, left, on_chunk}.run();
}

PackFindings verify_pack(const Backend& backend, const KeyRing& keys, const PackObject& pack) {
  try {
    check_size(pack);
    const base::Bytes bytes =
        backend.read(name_of(pack), 0, static_cast<std::size_t>(pack.size_bytes));
    PackFindings findings = PackVerifier{keys, pack, bytes}.run();
    findings.is_whole = findings.errors.empty();
    if (findings.is_whole) {
      const Parity expected = encode_parity(pack.chunk_class, pack.id, bytes);
      findings.parity = compare_parity(backend, pack.id, expected);
    }
    return findings;
  } catch (const base::Error& error) {
    if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::not_found) throw;
    PackFindings findings;
    findings.errors.push_back(error.message());
    findings.contents_lost = true;
    return findings;
  }
}

}  // namespace store

#include "store/internal/verification_ledger.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "store/internal/commit_record.h"
#include "store/internal/crc32c.h"
#include "store/internal/fixed_fields.h"

#include <algorithm>
#include <array>
#include <utility>

namespace store {
namespace {

constexpr const char* kName = "scrub/verified";
constexpr std::array kMagic{std::byte{0x89}, std::byte{'C'},  std::byte{'F'},  std::byte{'R'},
                            std::byte{'S'},  std::byte{'C'},  std::byte{'R'},  std::byte{'B'},
                            std::byte{'\r'}, std::byte{'\n'}, std::byte{0x1a}, std::byte{'\n'}};
constexpr std::uint16_t kFormat = 1;
// Packs of 100 TB; more than that is not ours.
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
constexpr std::size_t kMostWriters = 4096;
constexpr std::size_t kPackBytes = PackId::kSizeBytes + sizeof(std::uint64_t);

void put(FixedFieldWriter& fields, base::Instant instant) {
  fields.number(static_cast<std::uint64_t>(base::to_milliseconds(instant)));
}

base::Instant get_instant(FixedFieldReader& fields) {
  return base::from_milliseconds(static_cast<std::int64_t>(fields.number<std::uint64_t>()));
}

// Whoever may write to the store's place may plant names in its log.
bool has_too_many_writers(const std::optional<VerificationPass>& pass) {
  return pass && pass->log.size() > kMostWriters;
}

void put(FixedFieldWriter& fields, const std::optional<VerificationPass>& pass) {
  const bool is_told = pass && !has_too_many_writers(pass);
  fields.number(static_cast<std::uint8_t>(is_told ? 1 : 0));
  if (!is_told) return;
  put(fields, pass->began);
  fields.number(static_cast<std::uint16_t>(pass->log.size()));
  for (const auto& [writer, sequence] : pass->log) fields.raw(writer.view()).number(sequence);
}

std::optional<VerificationPass> get_pass(FixedFieldReader& fields, base::Instant now) {
  if (fields.number<std::uint8_t>() == 0) return std::nullopt;
  VerificationPass pass;
  pass.began = get_instant(fields);
  const auto writers = fields.number<std::uint16_t>();
  if (writers > kMostWriters) fields.damaged("names more writers than a store has");
  for (auto left = writers; left > 0; --left) {
    const auto writer = fields.fixed<WriterId>();
    pass.log[writer] = fields.number<std::uint64_t>();
  }
  if (pass.began > now) return std::nullopt;
  return pass;
}

}  // namespace

LogHeads list_log_heads(const Backend& backend) {
  LogHeads heads;
  backend.list(kLogPrefix, [&](const std::string& name, std::uint64_t) {
    const std::optional<CommitPlace> place = commit_place_of(name);
    if (!place) return;  // a check of the log tells of it
    std::uint64_t& head = heads[place->writer];
    head = std::max(head, place->sequence);
  });
  return heads;
}

VerificationLedger VerificationLedger::load(const Backend& backend, base::Instant now) {
  const std::optional<std::uint64_t> size_bytes = backend.size_bytes(kName);
  if (!size_bytes) return {};
  std::optional<VerificationLedger> ledger;
  if (*size_bytes <= kMostBytes) {
    try {
      ledger = decode(backend.read(kName, 0, static_cast<std::size_t>(*size_bytes)), now);
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::corrupt && error.kind() != base::ErrorKind::not_found) {
        throw;
      }
    }
  }
  if (ledger) return std::move(*ledger);
  base::log(base::LogLevel::warning, kName,
            " cannot be read: every pack counts as never verified until it is read again");
  return {};
}

void VerificationLedger::save(Backend& backend) const {
  for (const auto* pass : {&under_way, &scrubbed, &checked}) {
    if (!has_too_many_writers(*pass)) continue;
    base::log(base::LogLevel::warning, "log/ has the names of ", (*pass)->log.size(),
              " writers, more than a store has: which restore points were verified is not noted");
    break;
  }
  backend.replace(kName, encode());
}

std::optional<base::Instant> VerificationLedger::verified(const PackId& pack) const {
  const auto found = packs_.find(pack);
  return found == packs_.end() ? std::nullopt : std::optional{found->second};
}

void VerificationLedger::keep_only(const std::vector<PackId>& packs) {
  decltype(packs_) kept;
  for (const PackId& pack : packs) {
    if (const auto found = packs_.find(pack); found != packs_.end()) kept.insert(*found);
  }
  packs_ = std::move(kept);
}

std::optional<VerificationLedger> VerificationLedger::decode(base::ByteView bytes,
                                                             base::Instant now) {
  if (bytes.size() < kMagic.size() + sizeof(std::uint32_t)) return std::nullopt;
  const base::ByteView checked = bytes.first(bytes.size() - sizeof(std::uint32_t));
  if (base::load_le<std::uint32_t>(bytes.data() + checked.size()) != crc32c(checked)) {
    return std::nullopt;
  }
  FixedFieldReader fields{checked, kName};
  if (!std::ranges::equal(fields.raw(kMagic.size()), kMagic)) return std::nullopt;
  if (fields.number<std::uint16_t>() != kFormat) return std::nullopt;
  VerificationLedger ledger;
  ledger.under_way = get_pass(fields, now);
  ledger.scrubbed = get_pass(fields, now);
  ledger.checked = get_pass(fields, now);
  const std::uint64_t packs = fields.number<std::uint32_t>();
  if (packs > checked.size() / kPackBytes) return std::nullopt;
  for (std::uint64_t left = packs; left > 0; --left) {
    const auto pack = fields.fixed<PackId>();
    const base::Instant verified = get_instant(fields);
    if (verified <= now) ledger.packs_[pack] = verified;
  }
  return ledger;
}

base::Bytes VerificationLedger::encode() const {
  FixedFieldWriter fields;
  fields.raw(kMagic).number(kFormat);
  for (const auto* pass : {&under_way, &scrubbed, &checked}) {
    put(fields, *pass);
  }
  fields.number(static_cast<std::uint32_t>(packs_.size()));
  for (const auto& [pack, verified] : packs_) {
    fields.raw(pack.view());
    put(fields, verified);
  }
  const std::uint32_t checksum = crc32c(fields.view());
  fields.number(checksum);
  return fields.take();
}

}  // namespace store

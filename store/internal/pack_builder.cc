#include "store/internal/pack_builder.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/random.h"
#include "store/internal/crc32c.h"
#include "store/internal/pack_reader.h"
#include "store/internal/sodium.h"

#include <algorithm>
#include <utility>

namespace store {
namespace {

// One being filled and one being written are in use all the time; more are needed only for a
// moment.
constexpr std::size_t kMostSpareBuffers = 2;

}  // namespace

PackSalt new_salt() {
  PackSalt salt;
  base::fill_random(salt);
  return salt;
}

PackBuffers::Buffer PackBuffers::take() {
  auto spare = spare_.lock();
  // Not zeroed: pages that a small pack does not reach are never touched.
  if (spare->empty()) return std::make_unique_for_overwrite<std::byte[]>(kMostPackBytes);
  Buffer buffer = std::move(spare->back());
  spare->pop_back();
  return buffer;
}

void PackBuffers::give_back(Buffer buffer) {
  auto spare = spare_.lock();
  if (spare->size() < kMostSpareBuffers) spare->push_back(std::move(buffer));
}

PackBuilder::PackBuilder(const PackHeader& header, const TenantKeys& keys, PackLimits limits,
                         std::shared_ptr<PackBuffers> buffers)
    : keys_(keys),
      limits_(limits),
      buffers_(std::move(buffers)),
      cipher_(header, keys),
      buffer_(buffers_->take()) {
  base::check(limits.bytes <= kMostPackBytes && limits.records <= kMostPackRecords,
              "packs stay within the format's limits");
  std::ranges::copy(cipher_.encoded_header(), buffer_.get());
  // So that complete() cannot fail halfway.
  entries_.lock()->reserve(limits.records);
  if (limits.spooled) not_taken_.lock()->reserve(limits.records);
}

PackBuilder::~PackBuilder() {
  try {
    buffers_->give_back(std::move(buffer_));
  } catch (const std::exception&) {
    buffer_.reset();  // no memory to remember it by: one buffer fewer to reuse
  }
}

bool PackBuilder::fits(std::uint32_t sealed_bytes) const {
  if (reserved_ == 0) return true;
  const PackLayout layout{end_ + record_bytes(sealed_bytes), reserved_ + 1};
  return reserved_ < limits_.records && layout.pack_bytes <= limits_.bytes;
}

ContentsEntry PackBuilder::reserve(const RecordHeader& header) {
  base::check(fits(header.sealed_bytes), "only what fits is reserved");
  const ContentsEntry entry{end_, header};
  end_ += record_bytes(header.sealed_bytes);
  ++reserved_;
  ++incomplete_;
  return entry;
}

void PackBuilder::seal(const ContentsEntry& entry, base::ByteView payload) {
  const std::uint64_t used = kRecordHeaderBytes + std::uint64_t{entry.header.sealed_bytes};
  const base::MutableByteView whole = place(entry.offset, record_bytes(entry.header.sealed_bytes));
  std::ranges::copy(payload, whole.begin() + kRecordHeaderBytes);
  std::ranges::fill(whole.subspan(used), std::byte{0});
  cipher_.seal(entry.offset, entry.header, whole.first(used));
}

void PackBuilder::complete(const ContentsEntry& entry) {
  if (limits_.spooled) not_taken_.lock()->push_back(entry);
  entries_.lock()->push_back(entry);
  leave_place();
}

void PackBuilder::abandon(const ContentsEntry& entry) {
  std::ranges::fill(place(entry.offset, record_bytes(entry.header.sealed_bytes)), std::byte{0});
  leave_place();
}

void PackBuilder::leave_place() {
  --incomplete_;
  incomplete_.notify_all();
}

bool PackBuilder::open(const ContentsEntry& entry, base::MutableByteView payload) const {
  const base::ByteView record =
      place(entry.offset, kRecordHeaderBytes + std::uint64_t{entry.header.sealed_bytes});
  const auto header = cipher_.open_header(entry.offset, record.first(kRecordHeaderBytes));
  return header && *header == entry.header &&
         cipher_.open(entry.offset, entry.header, record.subspan(kRecordHeaderBytes), payload);
}

std::vector<ContentsEntry> PackBuilder::take_completed() {
  std::vector<ContentsEntry> taken;
  {
    auto not_taken = not_taken_.lock();
    taken.assign(not_taken->begin(), not_taken->end());
    not_taken->clear();  // and keeps its room
  }
  std::ranges::sort(taken, {}, &ContentsEntry::offset);
  return taken;
}

void PackBuilder::finish() {
  for (std::uint32_t left = incomplete_; left != 0; left = incomplete_) incomplete_.wait(left);
  auto entries = entries_.lock();
  if (entries->empty()) return;
  std::ranges::sort(*entries, {}, &ContentsEntry::offset);

  const PackLayout layout{end_, static_cast<std::uint32_t>(entries->size())};
  const base::Bytes contents = encode_contents(*entries);
  RecordHeader header;
  header.type = RecordType::contents;
  header.plain_bytes = static_cast<std::uint32_t>(contents.size());
  header.sealed_bytes = layout.contents_sealed_bytes;
  seal({layout.contents_offset, header}, contents);
  std::ranges::copy(cipher_.encoded_header(),
                    place(layout.header_copy_offset, kPackHeaderBytes).begin());

  const base::Bytes checksums = checksums_of(place(0, layout.checksums_offset));
  std::ranges::copy(checksums, place(layout.checksums_offset, checksums.size()).begin());
  auto trailer = encode_trailer(layout, crc32c(checksums));
  seal_trailer(trailer, cipher_.trailer_tag(base::ByteView{trailer}.first(kTrailerTaggedBytes)));
  std::ranges::copy(trailer, place(layout.trailer_offset, kTrailerBytes).begin());
  end_ = layout.pack_bytes;
  id_ = PackId{base::sha256(bytes()).bytes};
}

PackRow PackBuilder::row() const {
  PackRow row;
  row.id = id_;
  row.chunk_class = cipher_.header().chunk_class;
  row.tenant_tag = base::to_bytes(cipher_.header().tenant_tag);
  row.generation = cipher_.header().generation;
  row.size_bytes = end_;
  row.chunks = static_cast<std::uint32_t>(entries_.lock()->size());
  return row;
}

std::vector<IndexedChunk> PackBuilder::chunks() const { return indexed_chunks(*entries_.lock()); }

std::unique_ptr<PackBuilder> PackBuilder::resealed() const {
  PackHeader header = cipher_.header();
  header.salt = new_salt();
  PackLimits limits = limits_;
  limits.spooled = false;
  auto copy = std::make_unique<PackBuilder>(header, keys_, limits, buffers_);
  base::Bytes payload;
  auto entries = entries_.lock();
  for (const ContentsEntry& entry : *entries) {
    payload.resize(entry.header.sealed_bytes - kSealTagBytes);
    const ContentsEntry moved = copy->reserve(entry.header);
    const bool opened = open(entry, payload);
    if (opened) copy->seal(moved, payload);
    if (!opened || !copy->open(moved, payload)) {
      copy->abandon(moved);
      throw base::Error{
          base::ErrorKind::failed,
          "a chunk in memory is not what it was: the machine's memory is not to be trusted"};
    }
    copy->complete(moved);
  }
  copy->finish();
  return copy;
}

}  // namespace store

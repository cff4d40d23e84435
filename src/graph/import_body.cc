#include "src/graph/import_body.h"

#include "src/base/base64.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/json.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace graph {
namespace {

constexpr std::string_view kSuffix = "\"}";
// A multiple of three, so that only the last block has padding.
constexpr std::size_t kBlockBytes = 48 * 1024;

std::string prefix(const std::string& folder_id, const std::optional<ImportOver>& over) {
  std::string text = base::text("{\"FolderId\":", json_quoted(folder_id),
                                ",\"Mode\":", over ? "\"update\"" : "\"create\"");
  if (over) {
    text += base::text(",\"ItemId\":", json_quoted(over->item_id),
                       ",\"ChangeKey\":", json_quoted(over->change_key));
  }
  return text + ",\"Data\":\"";
}

}  // namespace

ImportBody::ImportBody(const std::string& folder_id, const std::optional<ImportOver>& over,
                       StreamSource& stream)
    : prefix_(prefix(folder_id, over)), stream_(stream) {
  rewind();
}

std::uint64_t ImportBody::size_bytes() const {
  return prefix_.size() + (stream_.size_bytes() + 2) / 3 * 4 + kSuffix.size();
}

void ImportBody::rewind() {
  stream_.rewind();
  ready_ = prefix_;
  ready_from_ = 0;
  stream_left_ = stream_.size_bytes();
  closed_ = false;
}

void ImportBody::encode_next_block() {
  ready_from_ = 0;
  ready_.clear();
  base::Bytes block(static_cast<std::size_t>(std::min<std::uint64_t>(stream_left_, kBlockBytes)));
  for (std::size_t filled = 0; filled < block.size();) {
    const std::size_t size = stream_.read(base::MutableByteView{block}.subspan(filled));
    if (size == 0) {
      throw base::Error{base::ErrorKind::corrupt, "a stored stream ends before its recorded size"};
    }
    filled += size;
  }
  stream_left_ -= block.size();
  ready_ = base::base64_encode(block);
  if (stream_left_ > 0) return;
  std::byte more{};
  if (stream_.read({&more, 1}) != 0) {
    throw base::Error{base::ErrorKind::corrupt, "a stored stream is longer than its recorded size"};
  }
  ready_ += kSuffix;
  closed_ = true;
}

std::size_t ImportBody::read(base::MutableByteView target) {
  std::size_t filled = 0;
  while (filled < target.size()) {
    if (ready_from_ == ready_.size()) {
      if (closed_) break;
      encode_next_block();
    }
    const std::size_t size = std::min(target.size() - filled, ready_.size() - ready_from_);
    std::memcpy(target.data() + filled, ready_.data() + ready_from_, size);
    ready_from_ += size;
    filled += size;
  }
  return filled;
}

}  // namespace graph

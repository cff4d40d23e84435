#include "src/base/bounded_queue.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "store/internal/recipe.h"
#include "store/internal/stream_content.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace store {
namespace {

// Shorter streams are not worth a thread.
constexpr std::uint64_t kReadAheadFrom = std::uint64_t{1} << 20;
constexpr std::size_t kReadAheadBytes = std::size_t{2} << 20;

base::Error damaged(std::string_view problem) {
  return {base::ErrorKind::corrupt, std::string{problem}};
}

// The chunks of a stream in their order. Memory: one chunk, and one recipe a level.
class ChunkWalk {
 public:
  ChunkWalk(const ChunkStore& chunks, const ContentRef& ref) : chunks_(&chunks), ref_(ref) {
    if (!ref.is_recipe) return;
    Recipe top = decode_recipe(read_chunk(chunks, ref.chunk));
    if (top.sha256 != ref.sha256 || top.size_bytes() != ref.size_bytes) {
      throw damaged("a recipe is not that of its item");
    }
    path_.push_back({std::move(top)});
  }

  // Empty at the end.
  std::optional<base::Bytes> next() {
    if (ref_.is_recipe) return next_of_recipe();
    if (std::exchange(started_, true) || ref_.size_bytes == 0) return std::nullopt;
    return read({ref_.chunk, ref_.size_bytes});
  }

 private:
  struct Level {
    Recipe recipe;
    std::size_t next_part = 0;
  };

  std::optional<base::Bytes> next_of_recipe() {
    while (!path_.empty()) {
      Level& level = path_.back();
      if (level.next_part == level.recipe.parts.size()) {
        path_.pop_back();
        continue;
      }
      const RecipePart& part = level.recipe.parts[level.next_part++];
      if (level.recipe.level == 0) return read(part);
      Recipe below = decode_recipe(read_chunk(*chunks_, part.id));
      if (below.level + 1 != level.recipe.level || below.size_bytes() != part.size_bytes) {
        throw damaged("a recipe does not fit the recipe above it");
      }
      path_.push_back({std::move(below)});
    }
    return std::nullopt;
  }

  base::Bytes read(const RecipePart& part) const {
    base::Bytes chunk = read_chunk(*chunks_, part.id);
    if (chunk.size() != part.size_bytes) throw damaged("a chunk is not as long as its item says");
    return chunk;
  }

  const ChunkStore* chunks_;
  ContentRef ref_;
  std::vector<Level> path_;
  bool started_ = false;
};

// Walks on a thread of its own, a bounded stretch ahead of the reader.
class ReadAhead {
 public:
  explicit ReadAhead(ChunkWalk chunks)
      : chunks_(std::move(chunks)), thread_{[this](std::stop_token stop) { run(stop); }} {}

  std::optional<base::Bytes> next() {
    std::optional<Element> element = queue_.pop({});
    if (!element) return std::nullopt;
    if (element->failure) std::rethrow_exception(element->failure);
    return std::move(element->chunk);
  }

 private:
  struct Element {
    base::Bytes chunk;
    std::exception_ptr failure;
  };

  void run(std::stop_token stop) {
    try {
      while (std::optional<base::Bytes> chunk = chunks_.next()) {
        const std::size_t weight = chunk->size();
        if (!queue_.push({std::move(*chunk), nullptr}, weight, stop)) return;
      }
    } catch (...) {
      queue_.push({{}, std::current_exception()}, 0, stop);
    }
    queue_.close();
  }

  ChunkWalk chunks_;
  base::BoundedQueue<Element> queue_{kReadAheadBytes};
  std::jthread thread_;  // last: it uses the others
};

class StreamReader final : public ContentReader {
 public:
  StreamReader(const ChunkStore& chunks, const ContentRef& ref) : chunks_(&chunks), ref_(ref) {
    rewind();
  }

  [[nodiscard]] std::uint64_t size_bytes() const override { return ref_.size_bytes; }

  std::size_t read(base::MutableByteView target) override {
    std::size_t filled = 0;
    while (filled < target.size() && !proven_) {
      if (chunk_rest_.empty() && !next_chunk()) break;
      const std::size_t size = std::min(chunk_rest_.size(), target.size() - filled);
      std::copy_n(chunk_rest_.begin(), size, target.begin() + static_cast<std::ptrdiff_t>(filled));
      chunk_rest_ = chunk_rest_.subspan(size);
      filled += size;
      // The caller may never ask again after the last byte, so that byte comes with the proof.
      if (chunk_rest_.empty() && digested_bytes_ == ref_.size_bytes) next_chunk();
    }
    return filled;
  }

  void rewind() override {
    walk_.reset();
    ahead_.reset();
    chunk_.clear();
    chunk_rest_ = {};
    digest_ = {};
    digested_bytes_ = 0;
    proven_ = false;
    ChunkWalk walk{*chunks_, ref_};
    if (ref_.is_recipe && ref_.size_bytes >= kReadAheadFrom) {
      ahead_.emplace(std::move(walk));
    } else {
      walk_.emplace(std::move(walk));
    }
  }

 private:
  // False at the end, which is where the whole stream is proven.
  bool next_chunk() {
    std::optional<base::Bytes> chunk = ahead_ ? ahead_->next() : walk_->next();
    if (chunk) {
      chunk_ = std::move(*chunk);
      chunk_rest_ = chunk_;
      digest_.update(chunk_);
      digested_bytes_ += chunk_.size();
      if (digested_bytes_ > ref_.size_bytes) throw damaged("an item's stream is too long");
      return true;
    }
    if (digested_bytes_ != ref_.size_bytes || digest_.finish() != ref_.sha256) {
      throw damaged("an item's stream is not what was stored: its length or SHA-256 differs");
    }
    proven_ = true;
    return false;
  }

  const ChunkStore* chunks_;
  ContentRef ref_;
  std::optional<ChunkWalk> walk_;
  std::optional<ReadAhead> ahead_;
  base::Bytes chunk_;
  base::ByteView chunk_rest_;
  base::Sha256Stream digest_;
  std::uint64_t digested_bytes_ = 0;
  bool proven_ = false;
};

}  // namespace

std::unique_ptr<ContentReader> read_content(const ChunkStore& chunks, const ContentRef& ref) {
  return std::make_unique<StreamReader>(chunks, ref);
}

base::Bytes read_chunk(const ChunkStore& chunks, const ChunkId& id) {
  std::optional<base::Bytes> chunk = chunks.get(id);
  if (!chunk) {
    throw base::Error{base::ErrorKind::corrupt,
                      base::text("chunk ", id.hex(), " is not in the store")};
  }
  return std::move(*chunk);
}

}  // namespace store

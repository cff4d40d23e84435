// The exact bytes of an item, made on demand from its recipe and forgotten again.
//
// They look like the service's: format marks, the message class in UTF-16LE, properties and
// transport headers that differ from mailbox to mailbox (so the shared body and attachments lie at
// shifting offsets), compressible text with quoted threads, attachments that were sent before, and
// a checksum at the end.
#pragma once

#include "src/base/bytes.h"
#include "src/base/digest.h"
#include "tests/simulator/recipe.h"

#include <optional>
#include <vector>

namespace simulator {

// Not thread-safe; holds about 100 KB whatever the item's size.
class ItemStream {
 public:
  explicit ItemStream(const Recipe& recipe);

  // Fills the front of `target`; 0 only at the end.
  std::size_t read(base::MutableByteView target);

 private:
  enum class Filling : std::uint8_t { literal, text, table, noise };
  struct Section {
    Filling filling;
    std::uint64_t seed;
    std::uint64_t size_bytes;
    base::Bytes literal;
  };

  void plan_texts(const Recipe& recipe);
  void plan_attachments(const Recipe& recipe, std::uint64_t remaining_bytes);
  void add(std::uint32_t tag, Filling filling, std::uint64_t seed, std::uint64_t size_bytes);
  void add_literal(std::uint32_t tag, base::ByteView bytes);
  void make_block();
  void copy_from_section(const Section& section, base::MutableByteView target);

  std::vector<Section> sections_;
  std::size_t section_ = 0;             // being copied
  std::uint64_t section_position_ = 0;  // in it
  std::vector<std::byte> unit_;         // the unit of the section that was made last
  std::optional<std::uint64_t> unit_index_;
  base::Bytes block_;
  std::size_t block_position_ = 0;
  std::uint64_t checksum_ = 0;
  bool ended_ = false;
};

struct StreamSummary {
  base::Sha256 sha256;
  std::uint64_t size_bytes = 0;
};
StreamSummary summarize_stream(const Recipe& recipe);
// The whole stream, for items known to be small.
base::Bytes whole_stream(const Recipe& recipe);

// Recognises a stream that arrives in pieces. Not thread-safe.
class StreamVerifier {
 public:
  void receive(base::ByteView piece);
  // The recipe, if the bytes were exactly one whole stream.
  [[nodiscard]] std::optional<Recipe> finish();
  [[nodiscard]] std::uint64_t received_bytes() const { return received_bytes_; }

 private:
  void compare(base::ByteView piece);

  base::Bytes start_;
  std::optional<Recipe> recipe_;
  std::optional<ItemStream> expected_;
  base::Bytes buffer_;
  std::uint64_t received_bytes_ = 0;
  bool damaged_ = false;
};

}  // namespace simulator

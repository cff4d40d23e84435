// A folder as one stream, in the article's form: the streams of its items, one after the other.
//
// It holds nothing of the folder itself (ids, names, change keys), so that a folder which was
// restored is exported as the same bytes. Items stand in the order of their receipt.
#pragma once

#include "src/base/digest.h"
#include "tests/simulator/item_stream.h"
#include "tests/simulator/mailbox.h"
#include "tests/simulator/message.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

// What a folder's stream is made of, in the stream's order.
std::vector<Recipe> recipes_in(const Mailbox& mailbox, const Folder& folder);

// Made while it is sent. Not thread-safe.
class FolderStream final : public BodySource {
 public:
  // Counts the bytes it gave in `exported_bytes`, if that is not null; it outlives the stream.
  FolderStream(std::vector<Recipe> recipes, std::atomic<std::uint64_t>* exported_bytes);

  std::optional<std::string> next() override;

 private:
  std::string next_part();

  std::vector<Recipe> recipes_;
  std::atomic<std::uint64_t>* exported_bytes_;
  std::size_t position_ = 0;
  std::optional<ItemStream> item_;
  base::Bytes buffer_;
  bool begun_ = false;
  bool ended_ = false;
};

base::Sha256 digest_of_folder(std::vector<Recipe> recipes);

// Recognises a folder's stream that arrives in pieces. Not thread-safe.
class FolderStreamVerifier {
 public:
  void receive(std::string_view piece);
  // What it holds, if the bytes were exactly one whole stream.
  [[nodiscard]] std::optional<std::vector<Recipe>> finish();
  [[nodiscard]] std::uint64_t received_bytes() const { return received_bytes_; }

 private:
  // Of the stream's frame; empty until so many bytes have come.
  std::optional<std::string> take(std::size_t count, std::string_view& piece);
  void end_item();

  enum class Expect : std::uint8_t { magic, kind, length, data, count, end, failed };
  Expect expect_ = Expect::magic;
  std::string pending_;
  std::uint32_t left_in_part_ = 0;
  std::optional<StreamVerifier> item_;
  std::vector<Recipe> recipes_;
  std::uint64_t received_bytes_ = 0;
};

}  // namespace simulator

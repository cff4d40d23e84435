#include "tests/simulator/folder_stream.h"

#include "src/base/bytes.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace simulator {
namespace {

constexpr std::string_view kMagic = "SIMFOLD1";
constexpr char kItem = 'I';
constexpr char kEnd = 'E';
constexpr std::size_t kPartBytes = 48 * 1024;
constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);
constexpr std::size_t kCountBytes = sizeof(std::uint64_t);

template <typename Integer>
std::string little_endian(Integer value) {
  std::array<std::byte, sizeof(Integer)> bytes{};
  base::store_le(bytes.data(), value);
  return std::string{base::as_text(bytes)};
}

template <typename Integer>
Integer integer_of(const std::string& bytes) {
  return base::load_le<Integer>(base::as_bytes(bytes).data());
}

}  // namespace

std::vector<Recipe> recipes_in(const Mailbox& mailbox, const Folder& folder) {
  std::vector<std::pair<base::Bytes, Recipe>> keyed;
  for (const Number number : folder.items) {
    const Recipe& recipe = mailbox.item(number).recipe;
    keyed.emplace_back(encode(recipe), recipe);
  }
  std::sort(keyed.begin(), keyed.end(), [](const auto& left, const auto& right) {
    return std::tie(left.second.received, left.first) <
           std::tie(right.second.received, right.first);
  });
  std::vector<Recipe> recipes;
  recipes.reserve(keyed.size());
  for (const auto& [key, recipe] : keyed) recipes.push_back(recipe);
  return recipes;
}

FolderStream::FolderStream(std::vector<Recipe> recipes, std::atomic<std::uint64_t>* exported_bytes)
    : recipes_(std::move(recipes)), exported_bytes_(exported_bytes), buffer_(kPartBytes) {}

std::optional<std::string> FolderStream::next() {
  if (ended_) return std::nullopt;
  std::string text = next_part();
  if (exported_bytes_ != nullptr) *exported_bytes_ += text.size();
  return text;
}

std::string FolderStream::next_part() {
  if (!std::exchange(begun_, true)) return std::string{kMagic};
  if (item_) {
    const std::size_t count = item_->read(buffer_);
    if (count == 0) item_.reset();
    std::string text = little_endian(static_cast<std::uint32_t>(count));
    text.append(base::as_text(base::ByteView{buffer_}.first(count)));
    return text;
  }
  if (position_ < recipes_.size()) {
    item_.emplace(recipes_[position_++]);
    return std::string(1, kItem);
  }
  ended_ = true;
  return kEnd + little_endian(std::uint64_t{recipes_.size()});
}

base::Sha256 digest_of_folder(std::vector<Recipe> recipes) {
  FolderStream stream{std::move(recipes), nullptr};
  base::Sha256Stream hash;
  while (const auto piece = stream.next()) hash.update(base::as_bytes(*piece));
  return hash.finish();
}

std::optional<std::string> FolderStreamVerifier::take(std::size_t count, std::string_view& piece) {
  const std::size_t part = std::min(count - pending_.size(), piece.size());
  pending_.append(piece.substr(0, part));
  piece.remove_prefix(part);
  if (pending_.size() < count) return std::nullopt;
  return std::exchange(pending_, {});
}

void FolderStreamVerifier::end_item() {
  const std::optional<Recipe> recipe = item_->finish();
  item_.reset();
  expect_ = recipe ? Expect::kind : Expect::failed;
  if (recipe) recipes_.push_back(*recipe);
}

void FolderStreamVerifier::receive(std::string_view piece) {
  received_bytes_ += piece.size();
  while (!piece.empty() && expect_ != Expect::failed) {
    if (expect_ == Expect::data) {
      const std::size_t count = std::min<std::size_t>(left_in_part_, piece.size());
      item_->receive(base::as_bytes(piece.substr(0, count)));
      piece.remove_prefix(count);
      left_in_part_ -= static_cast<std::uint32_t>(count);
      if (left_in_part_ == 0) expect_ = Expect::length;
    } else if (expect_ == Expect::magic) {
      const auto magic = take(kMagic.size(), piece);
      if (magic) expect_ = *magic == kMagic ? Expect::kind : Expect::failed;
    } else if (expect_ == Expect::kind) {
      const char kind = piece.front();
      piece.remove_prefix(1);
      expect_ = kind == kItem ? Expect::length : kind == kEnd ? Expect::count : Expect::failed;
      if (kind == kItem) item_.emplace();
    } else if (expect_ == Expect::length) {
      const auto length = take(kLengthBytes, piece);
      if (!length) return;
      left_in_part_ = integer_of<std::uint32_t>(*length);
      expect_ = Expect::data;
      if (left_in_part_ == 0) end_item();
    } else if (expect_ == Expect::count) {
      const auto count = take(kCountBytes, piece);
      if (!count) return;
      const bool fits = integer_of<std::uint64_t>(*count) == recipes_.size();
      expect_ = fits ? Expect::end : Expect::failed;
    } else {
      expect_ = Expect::failed;  // something after the end
    }
  }
}

std::optional<std::vector<Recipe>> FolderStreamVerifier::finish() {
  if (expect_ != Expect::end) return std::nullopt;
  return std::move(recipes_);
}

}  // namespace simulator

#include "src/cli/table.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <utility>

namespace cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastWidth = 8;  // of a column that was shrunk

bool continues_character(char octet) {
  return (static_cast<unsigned char>(octet) & 0xC0U) == 0x80U;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  const auto begins = [](char octet) { return !continues_character(octet); };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins));
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (width_of(text) <= columns) return std::string{text};
  if (columns == 0) return {};
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++end) {
    if (continues_character(text[end])) continue;
    if (characters++ == columns - 1) break;
  }
  return base::text(text.substr(0, end), "…");
}

void Table::add(std::vector<std::string> cells) {
  base::check(cells.size() == columns_.size(), "a row has a cell for each column");
  for (std::string& cell : cells) cell = base::printable(cell);
  rows_.push_back(std::move(cells));
}

std::vector<std::string> Table::lines(std::size_t columns) const {
  std::vector<std::size_t> widths;
  std::size_t total = kGap * (columns_.empty() ? 0 : columns_.size() - 1);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = width_of(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, width_of(row[i]));
    widths.push_back(width);
    total += width;
  }
  // The widest column that may shrink gives way first.
  while (total > columns) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].may_shrink || widths[i] <= kLeastWidth) continue;
      if (widest == columns_.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == columns_.size()) break;
    --widths[widest];
    --total;
  }
  const auto to_line = [&](auto cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string cell = shortened(cell_of(i), widths[i]);
      const std::string padding(widths[i] - width_of(cell), ' ');
      if (i > 0) line.append(kGap, ' ');
      line += columns_[i].align == Align::right ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  };
  std::vector<std::string> lines{to_line([&](std::size_t i) { return columns_[i].title; })};
  for (const auto& row : rows_) lines.push_back(to_line([&](std::size_t i) { return row[i]; }));
  return lines;
}

}  // namespace cli

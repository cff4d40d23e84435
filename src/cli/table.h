// Aligned columns for people, made to fit a width. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

// How many columns a text takes; each character counts one.
std::size_t width_of(std::string_view text);
// At most so many columns; what is longer ends with an ellipsis.
std::string shortened(std::string_view text, std::size_t columns);

class Table {
 public:
  enum class Align : std::uint8_t { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
    bool may_shrink = false;  // long values are shortened where the line would be too long
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell per column; made printable.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // The title and the rows, each a line, no wider than `columns` if the columns that may shrink
  // allow it.
  [[nodiscard]] std::vector<std::string> lines(std::size_t columns) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace cli

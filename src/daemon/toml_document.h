// A TOML document as plain values that know their lines, so that nothing else meets the parser.
//
// The namespace is not the folder's name: daemon() is a function of the C library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace appliance {

struct TomlEntry;
struct TomlValue;

// In the order of the file.
struct TomlTable {
  std::vector<TomlEntry> entries;
};

// A kind of value that no key of ours takes: dates, times, floating point numbers.
struct TomlOther {
  std::string kind;
};

struct TomlValue {
  std::variant<TomlOther, std::string, std::int64_t, bool, std::vector<TomlValue>, TomlTable>
      content;
  std::uint32_t line = 0;

  // "a string", "a table", ...: for messages.
  [[nodiscard]] std::string_view kind() const;
};

struct TomlEntry {
  std::string key;
  TomlValue value;
};

// Error(usage) with `file_name` and the line where the text breaks the rules of TOML; a key that is
// there twice is one of them.
TomlTable parse_toml(std::string_view text, std::string_view file_name);

}  // namespace appliance

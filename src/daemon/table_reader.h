// Reads one table of the configuration: what is asked for by name, and a complaint about everything
// else.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/toml_document.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace appliance {

// "512KiB", "1 GiB". Empty unless it is a whole number with one of the units KiB, MiB, GiB.
std::optional<std::uint64_t> parse_size(std::string_view text);
// "90s", "15m", "12h", "14d". Empty unless it is a whole number with one of these units.
std::optional<base::Duration> parse_duration(std::string_view text);

// Of those that TOML can write.
inline constexpr std::uint64_t kLargestNumber = std::uint64_t{1} << 62;

// Keys that were never asked for are unknown: call finish() when all of them have been. Everything
// throws Error(usage) with file and line. The table outlives the reader.
class TableReader {
 public:
  // `name`: "store", "tenant.contoso"; empty for the document. A table that is not there (null) is
  // empty.
  TableReader(const TomlTable* table, std::string name, std::string file_name, std::uint32_t line);

  // Empty if the key is absent; a text is never empty.
  std::optional<std::string> text(const std::string& key);
  // A missing key is told by finish(), after the unknown ones: those are the likelier mistake.
  std::string required_text(const std::string& key);
  std::optional<std::vector<std::string>> texts(const std::string& key);
  // The same; a single string is taken for a list of one.
  std::optional<std::vector<std::string>> text_or_texts(const std::string& key);
  std::optional<bool> truth(const std::string& key);
  std::optional<std::uint64_t> number(const std::string& key, std::uint64_t least = 0,
                                      std::uint64_t most = std::uint64_t{
                                          std::numeric_limits<std::int64_t>::max()});
  std::optional<std::uint64_t> size(const std::string& key);
  std::optional<base::Duration> duration(const std::string& key);
  // Null if it is absent.
  const TomlTable* table(const std::string& key);
  // A reader for the table below `key`.
  TableReader below(const std::string& key);

  // The whole table, for tables whose keys are names that people choose; null if it is absent.
  [[nodiscard]] const TomlTable* all() const { return table_; }

  void finish() const;

  [[nodiscard]] bool exists() const { return table_ != nullptr; }
  [[nodiscard]] bool has(const std::string& key) const { return find(key) != nullptr; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& file_name() const { return file_name_; }
  // "/etc/coffer/coffer.toml:12": of the key, or of the table where the key is absent.
  [[nodiscard]] std::string place(const std::string& key = {}) const;
  [[noreturn]] void fail(const std::string& key, const std::string& message) const;

 private:
  [[nodiscard]] const TomlValue* find(const std::string& key) const;
  // Null if absent; marks the key as known.
  const TomlValue* ask(const std::string& key);
  [[noreturn]] void fail_kind(const std::string& key, std::string_view wanted) const;
  // The key with its table, in quotes.
  [[nodiscard]] std::string quoted(const std::string& key) const;
  std::vector<std::string> texts_of(const std::string& key,
                                    const std::vector<TomlValue>& list) const;

  const TomlTable* table_;
  std::string name_;
  std::string file_name_;
  std::uint32_t line_;
  std::set<std::string> known_;
  std::vector<std::string> missing_;
};

}  // namespace appliance

#include "src/daemon/table_reader.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <charconv>
#include <map>
#include <utility>

namespace appliance {
namespace {

struct NumberWithUnit {
  std::uint64_t number;
  std::string unit;
};

std::optional<NumberWithUnit> split_unit(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{}) return std::nullopt;
  const auto digits = static_cast<std::size_t>(end - text.data());
  return NumberWithUnit{number, std::string{base::trim(text.substr(digits))}};
}

// The number in units of `factors`; empty for another unit or beyond `most`.
std::optional<std::uint64_t> scaled(std::string_view text,
                                    const std::map<std::string, std::uint64_t>& factors) {
  const auto parsed = split_unit(base::trim(text));
  if (!parsed) return std::nullopt;
  const auto factor = factors.find(parsed->unit);
  if (factor == factors.end()) return std::nullopt;
  if (parsed->number > kLargestNumber / factor->second) return std::nullopt;
  return parsed->number * factor->second;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static const std::map<std::string, std::uint64_t> kFactors{{"KiB", std::uint64_t{1} << 10},
                                                             {"MiB", std::uint64_t{1} << 20},
                                                             {"GiB", std::uint64_t{1} << 30}};
  return scaled(text, kFactors);
}

std::optional<base::Duration> parse_duration(std::string_view text) {
  static const std::map<std::string, std::uint64_t> kFactors{
      {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const auto milliseconds = scaled(text, kFactors);
  if (!milliseconds) return std::nullopt;
  return base::Duration{static_cast<std::int64_t>(*milliseconds)};
}

TableReader::TableReader(const TomlTable* table, std::string name, std::string file_name,
                         std::uint32_t line)
    : table_(table), name_(std::move(name)), file_name_(std::move(file_name)), line_(line) {}

std::optional<std::string> TableReader::text(const std::string& key) {
  const TomlValue* value = ask(key);
  if (value == nullptr) return std::nullopt;
  const auto* text = std::get_if<std::string>(&value->content);
  if (text == nullptr) fail_kind(key, "a string");
  if (base::trim(*text).empty()) fail(key, base::text(quoted(key), " is empty"));
  // Whoever takes it for a path would see less of it.
  if (text->find('\0') != std::string::npos) {
    fail(key, base::text(quoted(key), " has a NUL character in it"));
  }
  return *text;
}

std::string TableReader::required_text(const std::string& key) {
  auto text = this->text(key);
  if (!text) missing_.push_back(key);
  return std::move(text).value_or(std::string{});
}

std::optional<std::vector<std::string>> TableReader::texts(const std::string& key) {
  const TomlValue* value = ask(key);
  if (value == nullptr) return std::nullopt;
  const auto* list = std::get_if<std::vector<TomlValue>>(&value->content);
  if (list == nullptr) fail_kind(key, "a list of strings");
  return texts_of(key, *list);
}

std::optional<std::vector<std::string>> TableReader::text_or_texts(const std::string& key) {
  const TomlValue* value = ask(key);
  if (value == nullptr) return std::nullopt;
  if (std::holds_alternative<std::string>(value->content)) return std::vector{*text(key)};
  const auto* list = std::get_if<std::vector<TomlValue>>(&value->content);
  if (list == nullptr) fail_kind(key, "a string or a list of strings");
  return texts_of(key, *list);
}

std::vector<std::string> TableReader::texts_of(const std::string& key,
                                               const std::vector<TomlValue>& list) const {
  std::vector<std::string> texts;
  for (const TomlValue& element : list) {
    const auto* text = std::get_if<std::string>(&element.content);
    if (text == nullptr) fail_kind(key, "a list of strings");
    if (base::trim(*text).empty()) fail(key, base::text(quoted(key), " has an empty entry"));
    texts.push_back(*text);
  }
  return texts;
}

std::optional<bool> TableReader::truth(const std::string& key) {
  const TomlValue* value = ask(key);
  if (value == nullptr) return std::nullopt;
  const auto* truth = std::get_if<bool>(&value->content);
  if (truth == nullptr) fail_kind(key, "true or false");
  return *truth;
}

std::optional<std::uint64_t> TableReader::number(const std::string& key, std::uint64_t least,
                                                 std::uint64_t most) {
  const TomlValue* value = ask(key);
  if (value == nullptr) return std::nullopt;
  const auto* number = std::get_if<std::int64_t>(&value->content);
  if (number == nullptr) fail_kind(key, "a whole number");
  if (*number < 0 || static_cast<std::uint64_t>(*number) < least) {
    fail(key, base::text(quoted(key), " is ", *number, ", and must be at least ", least));
  }
  if (static_cast<std::uint64_t>(*number) > most) {
    fail(key, base::text(quoted(key), " is ", *number, ", and must be at most ", most));
  }
  return static_cast<std::uint64_t>(*number);
}

std::optional<std::uint64_t> TableReader::size(const std::string& key) {
  if (ask(key) == nullptr) return std::nullopt;
  const auto* text = std::get_if<std::string>(&find(key)->content);
  const auto size = text == nullptr ? std::nullopt : parse_size(*text);
  if (!size) {
    fail(key, base::text(quoted(key), " must be a size in KiB, MiB or GiB, such as \"512MiB\"",
                         text == nullptr ? std::string{} : base::text(", and is \"", *text, "\"")));
  }
  return size;
}

std::optional<base::Duration> TableReader::duration(const std::string& key) {
  if (ask(key) == nullptr) return std::nullopt;
  const auto* text = std::get_if<std::string>(&find(key)->content);
  const auto duration = text == nullptr ? std::nullopt : parse_duration(*text);
  if (!duration) {
    fail(key, base::text(quoted(key), " must be a duration in s, m, h or d, such as \"15m\"",
                         text == nullptr ? std::string{} : base::text(", and is \"", *text, "\"")));
  }
  return duration;
}

const TomlTable* TableReader::table(const std::string& key) {
  const TomlValue* value = ask(key);
  if (value == nullptr) return nullptr;
  const auto* table = std::get_if<TomlTable>(&value->content);
  if (table == nullptr)
    fail_kind(key, base::text("a table: [", name_, name_.empty() ? "" : ".", key, "]"));
  return table;
}

TableReader TableReader::below(const std::string& key) {
  const TomlTable* below = table(key);
  const TomlValue* value = find(key);
  return TableReader{below, name_.empty() ? key : base::text(name_, ".", key), file_name_,
                     value == nullptr ? line_ : value->line};
}

void TableReader::finish() const {
  if (table_ != nullptr) {
    for (const auto& [key, value] : table_->entries) {
      if (known_.contains(key)) continue;
      const auto near = base::nearest(key, {known_.begin(), known_.end()});
      fail(key, base::text("unknown key ", quoted(key),
                           near ? base::text("; did you mean '", *near, "'?") : std::string{}));
    }
  }
  if (!missing_.empty()) {
    fail(missing_.front(), base::text("key ", quoted(missing_.front()), " is missing"));
  }
}

std::string TableReader::place(const std::string& key) const {
  const TomlValue* value = key.empty() ? nullptr : find(key);
  const std::uint32_t line = value == nullptr ? line_ : value->line;
  return line == 0 ? file_name_ : base::text(file_name_, ":", line);
}

void TableReader::fail(const std::string& key, const std::string& message) const {
  throw base::Error{base::ErrorKind::usage, base::text(place(key), ": ", message)};
}

void TableReader::fail_kind(const std::string& key, std::string_view wanted) const {
  fail(key, base::text(quoted(key), " must be ", wanted, ", and is ", find(key)->kind()));
}

std::string TableReader::quoted(const std::string& key) const {
  if (name_.empty()) return base::text("'", key, "'");
  return base::text("'", key, "' in [", name_, "]");
}

const TomlValue* TableReader::find(const std::string& key) const {
  if (table_ == nullptr) return nullptr;
  for (const auto& [name, value] : table_->entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

const TomlValue* TableReader::ask(const std::string& key) {
  known_.insert(key);
  return find(key);
}

}  // namespace appliance

// Taking a record apart that was read from a file or a socket: each field is there, of its kind.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/record.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

// Everything throws Error(corrupt) naming `what` and the field where the record has no such field.
class RecordReader {
 public:
  // Both outlive the reader.
  RecordReader(const Record& record, std::string_view what) : record_(record), what_(what) {}

  [[nodiscard]] std::string text(std::string_view field) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view field) const;
  [[nodiscard]] std::uint64_t number(std::string_view field) const;
  [[nodiscard]] base::Duration duration(std::string_view field) const;
  [[nodiscard]] base::Instant instant(std::string_view field) const;
  // Empty for null.
  [[nodiscard]] std::optional<std::string> maybe_text(std::string_view field) const;
  [[nodiscard]] std::optional<std::uint64_t> maybe_number(std::string_view field) const;
  [[nodiscard]] std::optional<base::Instant> maybe_instant(std::string_view field) const;
  [[nodiscard]] std::optional<Record> maybe_record(std::string_view field) const;
  [[noreturn]] void fail(std::string_view field) const;

 private:
  template <typename Kind>
  [[nodiscard]] const Kind& get(std::string_view field) const;
  [[nodiscard]] bool is_null(std::string_view field) const;

  const Record& record_;
  std::string_view what_;
};

// As numbers that a reader gives back to the millisecond; null if there is none.
Value in_milliseconds(base::Duration duration);
Value in_milliseconds(const std::optional<base::Instant>& instant);

}  // namespace jobs

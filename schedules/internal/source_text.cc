#include "schedules/internal/source_text.h"

#include "src/base/error.h"
#include "src/base/text.h"

namespace schedules {
namespace {

constexpr std::string_view kBlanks = " \t";

}  // namespace

void SourceText::refuse(std::string_view part, std::string_view why) const {
  const auto place = static_cast<std::size_t>(part.data() - whole.data()) + 1;
  throw base::Error{base::ErrorKind::usage,
                    base::text(kind, " \"", base::printable(whole), "\", at character ", place,
                               part.empty() ? "" : " (\"", base::printable(part),
                               part.empty() ? ": " : "\"): ", why)};
}

std::vector<std::string_view> SourceText::words() const {
  if (whole.size() > kLongestText) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("a ", kind, " of ", whole.size(), " characters: at most ",
                                 kLongestText, " are read; write a list of several")};
  }
  std::vector<std::string_view> words;
  std::size_t begin = whole.find_first_not_of(kBlanks);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(whole.find_first_of(kBlanks, begin), whole.size());
    words.push_back(whole.substr(begin, end - begin));
    begin = whole.find_first_not_of(kBlanks, end);
  }
  return words;
}

std::vector<std::string_view> parts_between(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace schedules

// What an operator wrote, for errors that point at the place.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace schedules {

// Longer ones are refused unread.
inline constexpr std::size_t kLongestText = 256;

// Views of one text that outlives it; every part is a view into `whole`.
struct SourceText {
  std::string_view kind;  // "calendar event"
  std::string_view whole;

  // Throws Error(usage): which text, at which character (from 1), and `why`, which says what to
  // write instead.
  [[noreturn]] void refuse(std::string_view part, std::string_view why) const;

  // The words between blanks. Error(usage) if the text is too long.
  [[nodiscard]] std::vector<std::string_view> words() const;
};

// The parts between separators: one more than there are of them.
std::vector<std::string_view> parts_between(std::string_view text, char separator);

}  // namespace schedules

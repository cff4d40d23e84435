#include "src/base/clock.h"

#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

namespace base {
namespace {

// Takes a text apart from its start; the first thing that is not as expected makes it fail for
// good.
class Scanner {
 public:
  explicit Scanner(std::string_view rest) : rest_(rest) {}

  // A number of exactly `digits` digits within [least, most].
  int number(std::size_t digits, int least, int most) {
    if (rest_.size() < digits) return fail();
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value < least || value > most ? fail() : value;
  }

  // One of `characters`.
  char one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  void literal(std::string_view expected) {
    if (rest_.starts_with(expected)) {
      rest_.remove_prefix(expected.size());
    } else {
      fail();
    }
  }

  // The position of the name that comes next.
  template <std::size_t size>
  unsigned name(const std::array<std::string_view, size>& names) {
    for (unsigned i = 0; i < size; ++i) {
      if (rest_.starts_with(names[i])) {
        rest_.remove_prefix(names[i].size());
        return i;
      }
    }
    fail();
    return 0;
  }

  // The milliseconds of a fraction of any length; zero if there is none.
  std::chrono::milliseconds fraction() {
    if (!rest_.starts_with('.')) return {};
    rest_.remove_prefix(1);
    const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (digits == 0) fail();
    int milliseconds = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      milliseconds = milliseconds * 10 + (i < digits ? rest_[i] - '0' : 0);
    }
    rest_.remove_prefix(digits);
    return std::chrono::milliseconds{milliseconds};
  }

  [[nodiscard]] bool done() const { return !failed_ && rest_.empty(); }

 private:
  int fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

// "HH:MM:SS". A leap second counts as the first of the next minute, as POSIX time has none.
std::chrono::seconds scan_time_of_day(Scanner& scanner) {
  const std::chrono::hours hours{scanner.number(2, 0, 23)};
  scanner.literal(":");
  const std::chrono::minutes minutes{scanner.number(2, 0, 59)};
  scanner.literal(":");
  return hours + minutes + std::chrono::seconds{scanner.number(2, 0, 60)};
}

std::chrono::year_month_day make_date(int year, unsigned month, int day) {
  return std::chrono::year{year} / std::chrono::month{month} /
         std::chrono::day{static_cast<unsigned>(day)};
}

}  // namespace

Instant SystemClock::now() const {
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

Duration SystemClock::monotonic() const {
  return std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

void SystemClock::sleep_for(Duration duration, std::stop_token stop) {
  if (duration <= Duration::zero()) return;
  // A deadline past the clock's range would overflow to one in the past.
  constexpr Duration kLongest = std::chrono::years{10};
  const auto deadline = std::chrono::steady_clock::now() + std::min(duration, kLongest);
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_until(lock, stop, deadline, [] { return false; });
}

std::string format_rfc3339(Instant instant) {
  // RFC 3339 has four digits for a year, and a stored instant may be any number.
  constexpr Instant kFirst = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
  constexpr Instant kLast = std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1} - Duration{1};
  instant = std::clamp(instant, kFirst, kLast);
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{instant - day};
  std::string formatted =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  if (time.subseconds().count() != 0) {
    formatted += fmt::format(".{:03}", time.subseconds().count());
  }
  return formatted + 'Z';
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  Scanner scanner{text};
  const int year = scanner.number(4, 0, 9999);
  scanner.literal("-");
  const auto month = static_cast<unsigned>(scanner.number(2, 1, 12));
  scanner.literal("-");
  const auto date = make_date(year, month, scanner.number(2, 1, 31));
  scanner.one_of("Tt");
  const std::chrono::seconds time = scan_time_of_day(scanner);
  const std::chrono::milliseconds fraction = scanner.fraction();
  std::chrono::minutes offset{0};
  const char sign = scanner.one_of("Zz+-");
  if (sign == '+' || sign == '-') {
    offset = std::chrono::hours{scanner.number(2, 0, 23)};
    scanner.literal(":");
    offset += std::chrono::minutes{scanner.number(2, 0, 59)};
    if (sign == '-') offset = -offset;
  }
  if (!scanner.done() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + time + fraction - offset;
}

std::optional<Instant> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu",
                                                         "Fri", "Sat", "Sun"};
  static constexpr std::array<std::string_view, 12> kMonths{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  Scanner scanner{text};
  scanner.name(kDays);  // a wrong day of the week leaves the instant as clear as it was
  scanner.literal(", ");
  const int day = scanner.number(2, 1, 31);
  scanner.literal(" ");
  const unsigned month = scanner.name(kMonths) + 1;
  scanner.literal(" ");
  const auto date = make_date(scanner.number(4, 0, 9999), month, day);
  scanner.literal(" ");
  const std::chrono::seconds time = scan_time_of_day(scanner);
  scanner.literal(" GMT");
  if (!scanner.done() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + time;
}

}  // namespace base

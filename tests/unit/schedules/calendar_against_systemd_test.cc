// Our calendar events beside systemd's own program, where it is installed.
#include "schedules/calendar_event.h"
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/unit/schedules/calendar_rows.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

using schedules::CalendarEvent;
using schedules::TimeZone;

namespace {

constexpr const char* kProgram = "/usr/bin/systemd-analyze";
constexpr std::size_t kIterations = 5;

bool is_installed() {
  if (std::filesystem::exists(kProgram)) return true;
  WARN("not compared with systemd: " << kProgram << " is not installed");
  return false;
}

constexpr std::size_t kTimeLength = 23;  // "2026-03-01 10:00:00 UTC"

std::string with_blanks(base::Instant time) {
  std::string text = base::format_rfc3339(time).substr(0, 19);
  text[10] = ' ';
  return text + " UTC";
}

struct Answer {
  std::string normalized;
  std::vector<std::string> times;  // "2026-03-01 10:00:00 UTC"

  bool operator==(const Answer&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
  out << answer.normalized;
  for (const std::string& time : answer.times) out << " | " << time;
  return out;
}

struct Answers {
  std::vector<Answer> answers;  // of those that it accepts
  std::string errors;
};

Answers ask_systemd(const std::vector<std::string>& events, const std::string& zone,
                    base::Instant after) {
  test::CommandLine command{{kProgram, "calendar", "--base-time=" + with_blanks(after),
                             base::text("--iterations=", kIterations), "--"},
                            {{"TZ", zone}, {"LC_ALL", "C"}}};
  command.words.insert(command.words.end(), events.begin(), events.end());
  const test::Finished finished = test::run(command);
  std::vector<Answer> answers;
  for (const std::string& line : base::split(finished.output, '\n')) {
    constexpr std::string_view kForm = "Normalized form: ";
    if (const std::size_t at = line.find(kForm); at != std::string::npos) {
      answers.push_back({line.substr(at + kForm.size()), {}});
    }
    const bool elapse = line.find("Next elapse: ") != std::string::npos ||
                        line.find("Iter. #") != std::string::npos ||
                        line.find("(in UTC): ") != std::string::npos;
    if (elapse && line.ends_with(" UTC")) {
      answers.back().times.push_back(line.substr(line.size() - kTimeLength));
    }
  }
  return {answers, finished.errors};
}

Answer ours(const std::string& text, const TimeZone& zone, base::Instant after) {
  const CalendarEvent event{text, zone};
  Answer answer{event.normalized(), {}};
  for (auto next = event.next(after); next && answer.times.size() < kIterations;
       next = event.next(*next)) {
    answer.times.push_back(with_blanks(*next));
  }
  return answer;
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  int from_to(int least, int most) {
    return least + static_cast<int>(engine_() % static_cast<std::uint64_t>(most - least + 1));
  }
  bool one_in(int count) { return from_to(1, count) == 1; }
  template <typename T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(from_to(0, static_cast<int>(choices.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

// The values of one part of an event, and the steps that may go on to its end. Others are left out
// for what systemd 252 makes of them: a step that leads past the end of the hour, day or month is
// carried over, and an elapse at the beginning of the next day, month or year may be lost.
struct Part {
  int least;
  int most;
  std::vector<int> open_steps;
  bool from_end = false;
};

const Part kYears{2024, 2037, {1, 2, 3}};
const Part kMonths{1, 12, {1, 2, 3, 5}};
const Part kDays{1, 31, {}};
// Of a list of such days, it refuses the second from the 25th on, the third from the 22nd on.
const Part kDaysFromEnd{1, 22, {1, 2, 3, 5}, true};
const Part kHours{0, 23, {1, 2, 3, 4, 6, 8, 12}};
const Part kSixty{0, 59, {1, 2, 5, 10, 15, 20, 30}};

std::string random_range(Dice& dice, const Part& part) {
  const int start = dice.from_to(part.least, part.most);
  const int form = dice.from_to(0, 2);
  // Of ranges of one value, it refuses those of seconds ("59..59").
  if (form <= 1 && start < part.most) {
    const std::string range = base::text(start, "..", dice.from_to(start + 1, part.most));
    return form == 0 ? range : base::text(range, "/", dice.from_to(1, 9));
  }
  return base::text(start);
}

std::string random_open_step(Dice& dice, const Part& part) {
  const int step = dice.one_of(part.open_steps);
  if (part.from_end) return base::text(dice.from_to(step + 1, part.most), "/", step);
  return base::text(dice.from_to(part.least, part.least + step - 1), "/", step);
}

std::string random_part(Dice& dice, const Part& part) {
  if (dice.one_in(3)) return "*";
  if (dice.one_in(4) && !part.open_steps.empty()) return random_open_step(dice, part);
  std::string list = random_range(dice, part);
  for (int more = 0; more < 2 && dice.one_in(3); ++more) list += "," + random_range(dice, part);
  return list;
}

std::string random_event(Dice& dice) {
  std::string event;
  if (dice.one_in(4)) {
    event =
        dice.one_of<std::string>({"Mon", "Sat,Sun", "Mon..Fri", "Tue..Thu,Sat", "Friday"}) + " ";
  }
  if (!dice.one_in(3)) {
    if (dice.one_in(4)) event += random_part(dice, kYears) + "-";
    event += random_part(dice, kMonths);
    event +=
        dice.one_in(4) ? "~" + random_part(dice, kDaysFromEnd) : "-" + random_part(dice, kDays);
    event += " ";
  }
  // Most often in the hours in which clocks are set.
  event += dice.one_in(2) ? base::text(dice.from_to(0, 4)) : random_part(dice, kHours);
  event += ":" + random_part(dice, kSixty);
  if (dice.one_in(4)) event += ":" + random_part(dice, kSixty);
  return event;
}

// While clocks repeat an hour, systemd's answer depends on when it is asked.
bool clocks_repeat(const TimeZone& zone, base::Instant at) {
  return zone.latest_shown(at) != zone.local_time(at);
}

// From 2038 on, our zones have their winter time all year.
void leave_out_later_years(Answer& answer) {
  std::erase_if(answer.times, [](const std::string& time) { return time >= "2038"; });
}

// Which showing of a repeated time systemd means depends on what its C library guesses: where it
// means the second one, the first is put in its place.
void mean_first_showings(Answer& answer, const TimeZone& zone) {
  for (std::string& time : answer.times) {
    std::string rfc3339 = time.substr(0, 19) + "Z";
    rfc3339[10] = 'T';
    time = with_blanks(zone.when(zone.local_time(*base::parse_rfc3339(rfc3339))).first);
  }
}

// How many events were compared: where clocks are set at midnight, systemd gives some up.
std::size_t compare(std::vector<std::string> events, const std::string& zone_name,
                    base::Instant after) {
  const TimeZone zone{zone_name};
  Answers theirs = ask_systemd(events, zone_name, after);
  if (theirs.errors.find("Resource deadlock avoided") != std::string::npos) {
    std::erase_if(events, [&](const std::string& event) {
      return theirs.errors.find("'" + event + "'") != std::string::npos;
    });
    theirs = ask_systemd(events, zone_name, after);
  }
  CAPTURE(theirs.errors);
  REQUIRE(theirs.answers.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    CAPTURE(events[i], zone_name, with_blanks(after));
    Answer our_answer = ours(events[i], zone, after);
    leave_out_later_years(our_answer);
    leave_out_later_years(theirs.answers[i]);
    mean_first_showings(theirs.answers[i], zone);
    CHECK(our_answer == theirs.answers[i]);
  }
  return events.size();
}

}  // namespace

TEST_CASE("systemd accepts and refuses what the table says", "[schedules][systemd]") {
  if (!is_installed()) return;
  const base::Instant after = *base::parse_rfc3339("2026-01-05T00:00:00Z");
  std::vector<std::string> accepted;
  std::vector<std::string> refused;
  for (const test::CalendarText& row : test::calendar_texts()) {
    (row.normalized.empty() ? refused : accepted).push_back(row.text);
  }
  CHECK(ask_systemd(refused, "UTC", after).answers.empty());
  const Answers theirs = ask_systemd(accepted, "UTC", after);
  REQUIRE(theirs.answers.size() == accepted.size());
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    CAPTURE(accepted[i]);
    CHECK(ours(accepted[i], TimeZone{"UTC"}, after) == theirs.answers[i]);
  }
}

TEST_CASE("events elapse when systemd's do, also where clocks are set", "[schedules][systemd]") {
  if (!is_installed()) return;
  const std::vector<std::string> events{"daily",
                                        "hourly",
                                        "*:00/15",
                                        "02:30",
                                        "02:00",
                                        "03:00",
                                        "01:30",
                                        "01:59:59",
                                        "02:15",
                                        "00:30",
                                        "23:30",
                                        "Sun 02:30",
                                        "0/4:45",
                                        "1..3:0/20",
                                        "*-*~01 02:30",
                                        "*-03-29 *:*",
                                        "Sun *-*~07/1 2:0",
                                        "Mon..Fri 22:00",
                                        "*-03,10~07/1 2:30:15"};
  struct Row {
    const char* zone;
    std::vector<std::string> bases;
  };
  const std::vector<Row> rows{
      {"Europe/Berlin",
       {"2026-03-28T12:00:00Z", "2026-03-29T00:40:00Z", "2026-10-24T12:00:00Z",
        "2026-10-25T00:10:00Z", "2026-10-25T02:00:00Z"}},
      {"America/New_York",
       {"2026-03-08T05:00:00Z", "2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z"}},
      {"Australia/Lord_Howe",
       {"2026-04-04T13:50:00Z", "2026-04-04T14:40:00Z", "2026-10-03T14:10:00Z"}},
      {"Africa/Casablanca",
       {"2026-02-14T23:00:00Z", "2026-02-15T01:20:00Z", "2026-03-22T00:30:00Z"}},
      {"America/Santiago", {"2026-04-05T01:00:00Z", "2026-09-05T20:00:00Z"}},
      {"Pacific/Apia", {"2011-12-29T01:00:00Z"}},
      {"Asia/Kathmandu", {"2026-03-28T12:00:00Z"}},
      {"UTC", {"2026-03-28T12:00:00Z"}}};
  for (const Row& row : rows) {
    for (const std::string& base : row.bases) {
      const std::size_t compared = compare(events, row.zone, *base::parse_rfc3339(base));
      CHECK(compared + 1 >= events.size());
    }
  }
}

TEST_CASE("random events elapse when systemd's do", "[schedules][systemd]") {
  if (!is_installed()) return;
  // Without Casablanca, whose summer time is the standard one: there systemd loses the rest of a
  // day on which an hour is skipped.
  const std::vector<std::string> zones{"Europe/Berlin",  "America/New_York", "Australia/Lord_Howe",
                                       "Asia/Kathmandu", "America/Santiago", "UTC"};
  Dice dice{2026};
  constexpr std::size_t kRounds = 40;
  constexpr std::size_t kEvents = 15;
  std::size_t compared = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::string name = dice.one_of(zones);
    const base::Instant after = *base::parse_rfc3339("2025-01-01T00:00:00Z") +
                                std::chrono::minutes{dice.from_to(0, 5 * 365 * 24 * 60)};
    if (clocks_repeat(TimeZone{name}, after)) continue;
    std::vector<std::string> events;
    while (events.size() < kEvents) events.push_back(random_event(dice));
    compared += compare(events, name, after);
  }
  CHECK(compared > kRounds * kEvents * 9 / 10);
}

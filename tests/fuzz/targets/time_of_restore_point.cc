#include "src/catalog/restore_points.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

// What people type for --at, --after and --before.
void fuzz_time_of_restore_point(base::ByteView input) {
  using base::ErrorKind;
  const std::string_view text = base::as_text(input);
  const auto begin = catalog::parse_time(text, false);
  const auto end = catalog::parse_time(text, true);
  hold(begin.has_value() == end.has_value(), "a time is one, whichever end of it is meant");
  hold(!begin || *begin <= *end, "a day ends after it has begun");

  std::vector<store::Snapshot> points(3);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i].id = std::string(25, '0') + static_cast<char>('1' + i);
    points[i].time = base::from_milliseconds(1'775'000'000'000 + static_cast<std::int64_t>(i));
    points[i].complete = i != 1;
  }
  const auto chosen = unless_refused({ErrorKind::not_found, ErrorKind::usage},
                                     [&] { return catalog::choose(points, text); });
  if (chosen && end) hold(chosen->time <= *end && chosen->complete, "a time never leads later");
}

}  // namespace fuzz

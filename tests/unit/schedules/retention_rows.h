// Tables of restore points, each with the reasons that a plan is to give it.
#pragma once

#include "schedules/retention.h"

#include <string>
#include <vector>

namespace test {

// One restore point: its time in RFC 3339, which is its id, too, and all its reasons ("last
// daily").
struct Expected {
  std::string time;
  std::string reasons;
  bool complete = true;
  bool held = false;
};

Expected incomplete(std::string time, std::string reasons);
Expected held(std::string time, std::string reasons);

struct Row {
  std::string what;
  schedules::RetentionRules rules;
  std::string now;
  std::vector<Expected> points;
};

// Plans each row, and compares.
void check(const std::vector<Row>& table);

base::Instant instant(const std::string& text);
std::vector<schedules::SeriesPoint> series_of(const std::vector<Expected>& points);

}  // namespace test

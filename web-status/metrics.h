// Measurements as values, and their text for Prometheus (format 0.0.4).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace web {

struct MetricSample {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

enum class MetricType : std::uint8_t { counter, gauge };

struct MetricFamily {
  std::string name;  // "coffer_items_total"; of counters it ends in "_total"
  std::string help;
  MetricType type = MetricType::gauge;
  std::vector<MetricSample> samples;
};

// Label values and help may be any text: they are escaped. Whole numbers have no exponent.
std::string to_prometheus(const std::vector<MetricFamily>& families);

}  // namespace web

#include "web-status/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <utility>

namespace web {

namespace {

// The library escapes label values only.
std::string escaped_help(const std::string& help) {
  std::string escaped;
  for (const char c : help) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

prometheus::ClientMetric metric_of(const MetricSample& sample, MetricType type) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
  (type == MetricType::counter ? metric.counter.value : metric.gauge.value) = sample.value;
  return metric;
}

}  // namespace

std::string to_prometheus(const std::vector<MetricFamily>& families) {
  std::vector<prometheus::MetricFamily> all;
  for (const MetricFamily& family : families) {
    prometheus::MetricFamily one;
    one.name = family.name;
    one.help = escaped_help(family.help);
    one.type = family.type == MetricType::counter ? prometheus::MetricType::Counter
                                                  : prometheus::MetricType::Gauge;
    for (const MetricSample& sample : family.samples) {
      one.metric.push_back(metric_of(sample, family.type));
    }
    all.push_back(std::move(one));
  }
  return prometheus::TextSerializer{}.Serialize(all);
}

}  // namespace web

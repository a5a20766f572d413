// Families and samples for the serializer of prometheus-cpp.
#include "app/prometheus.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <limits>
#include <sstream>

namespace chaac {

void HistogramSum::Add(const Histogram& histogram) {
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    bucket_counts_[i] += histogram.BucketCount(i);
  }
  sum_ += histogram.Sum();
}

prometheus::ClientMetric& PrometheusPage::AddSample(const std::string& name,
                                                    const std::string& help,
                                                    prometheus::MetricType type,
                                                    const Labels& labels) {
  auto family = std::find_if(families_.begin(), families_.end(),
                             [&name](const auto& other) { return other.name == name; });
  if (family == families_.end()) {
    family =
        families_.insert(families_.end(), {.name = name, .help = help, .type = type, .metric = {}});
  }
  assert(family->type == type && family->help == help);
  prometheus::ClientMetric& sample = family->metric.emplace_back();
  for (const auto& [label, value] : labels) sample.label.push_back({label, value});
  return sample;
}

void PrometheusPage::AddCounter(const std::string& name, const std::string& help,
                                std::uint64_t value, const Labels& labels) {
  AddSample(name, help, prometheus::MetricType::Counter, labels).counter.value =
      static_cast<double>(value);
}

void PrometheusPage::AddCounter(const std::string& name, const std::string& help,
                                std::chrono::microseconds elapsed, const Labels& labels) {
  AddSample(name, help, prometheus::MetricType::Counter, labels).counter.value =
      static_cast<double>(elapsed.count()) / 1e6;
}

void PrometheusPage::AddGauge(const std::string& name, const std::string& help, double value,
                              const Labels& labels) {
  AddSample(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void PrometheusPage::AddHistogram(const std::string& name, const std::string& help,
                                  const HistogramSum& sum, HistogramUnit unit,
                                  const Labels& labels) {
  // Dividing, not multiplying by 1e-6, gives the double nearest to the decimal fraction.
  const double divisor = unit == HistogramUnit::kMicroseconds ? 1e6 : 1.0;
  auto& histogram = AddSample(name, help, prometheus::MetricType::Histogram, labels).histogram;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    cumulative += sum.bucket_counts()[i];
    const bool is_last = i + 1 == Histogram::kBuckets;
    histogram.bucket.push_back(
        {.cumulative_count = cumulative,
         .upper_bound = is_last ? std::numeric_limits<double>::infinity()
                                : static_cast<double>(Histogram::UpperBound(i)) / divisor});
  }
  // The buckets are read one by one while their thread counts on; their own total always agrees.
  histogram.sample_count = cumulative;
  histogram.sample_sum = static_cast<double>(sum.sum()) / divisor;
}

std::string PrometheusPage::Text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_);
  return out.str();
}

}  // namespace chaac

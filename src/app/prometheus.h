// PrometheusPage: plain numbers as a page in Prometheus' text format, through prometheus-cpp's
// serializer. The numbers stay with the threads that count them (base/metrics.h): there is no
// registry. Not thread-safe; build one for each scrape.
#pragma once

#include <prometheus/metric_family.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"

namespace chaac {

// The observations of several Histograms, counted together: one for each thread.
class HistogramSum {
 public:
  void Add(const Histogram& histogram);

  [[nodiscard]] const std::array<std::uint64_t, Histogram::kBuckets>& bucket_counts() const {
    return bucket_counts_;
  }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }

 private:
  std::array<std::uint64_t, Histogram::kBuckets> bucket_counts_{};
  std::uint64_t sum_ = 0;
};

// What a Histogram's whole numbers are. Microseconds appear as seconds, Prometheus' unit.
enum class HistogramUnit : std::uint8_t { kPlain, kMicroseconds };

class PrometheusPage {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  // Each adds one sample to the family `name`, which is shown where it was first named.
  // REQUIRES: a family's samples have one type, one help, and labels that differ.
  void AddCounter(const std::string& name, const std::string& help, std::uint64_t value,
                  const Labels& labels = {});
  // The same for time, which appears as seconds.
  void AddCounter(const std::string& name, const std::string& help,
                  std::chrono::microseconds elapsed, const Labels& labels = {});
  void AddGauge(const std::string& name, const std::string& help, double value,
                const Labels& labels = {});
  void AddHistogram(const std::string& name, const std::string& help, const HistogramSum& sum,
                    HistogramUnit unit, const Labels& labels = {});

  // Content-Type: text/plain; version=0.0.4
  [[nodiscard]] std::string Text() const;

 private:
  prometheus::ClientMetric& AddSample(const std::string& name, const std::string& help,
                                      prometheus::MetricType type, const Labels& labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace chaac

// Counters, gauges, and where a histogram puts its observations.
#include "base/metrics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <thread>

namespace chaac {
namespace {

using namespace std::chrono_literals;

TEST(CounterTest, Adds) {
  Counter counter;
  EXPECT_EQ(counter.Value(), 0U);
  counter.Add();
  counter.Add(41);
  EXPECT_EQ(counter.Value(), 42U);
}

TEST(CounterTest, ReaderSeesOnlyGrowingValues) {
  constexpr std::uint64_t kLast = 100'000;
  Counter counter;
  std::thread writer([&counter] {
    for (std::uint64_t i = 0; i < kLast; ++i) counter.Add();
  });
  std::uint64_t seen = 0;
  while (seen < kLast) {
    const std::uint64_t value = counter.Value();
    EXPECT_GE(value, seen);
    seen = value;
  }
  writer.join();
  EXPECT_EQ(counter.Value(), kLast);
}

TEST(GaugeTest, GoesUpAndDown) {
  Gauge gauge;
  gauge.Add(3);
  gauge.Add(-5);
  EXPECT_EQ(gauge.Value(), -2);
  gauge.Set(7);
  EXPECT_EQ(gauge.Value(), 7);
}

// The bucket that `value` falls into.
std::size_t BucketOf(std::uint64_t value) {
  Histogram histogram;
  histogram.Observe(value);
  std::size_t found = Histogram::kBuckets;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    if (histogram.BucketCount(i) == 0) continue;
    EXPECT_EQ(found, Histogram::kBuckets) << "in two buckets: " << value;
    EXPECT_EQ(histogram.BucketCount(i), 1U);
    found = i;
  }
  return found;
}

TEST(HistogramTest, UpperBoundsAreInclusive) {
  EXPECT_EQ(BucketOf(0), 0U);
  for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    EXPECT_EQ(BucketOf(Histogram::UpperBound(i)), i);
    EXPECT_EQ(BucketOf(Histogram::UpperBound(i) + 1), i + 1);
  }
}

TEST(HistogramTest, LastBucketHasNoBound) {
  constexpr std::size_t kLast = Histogram::kBuckets - 1;
  EXPECT_EQ(BucketOf(Histogram::UpperBound(kLast - 1) + 1), kLast);
  EXPECT_EQ(BucketOf(std::numeric_limits<std::uint64_t>::max()), kLast);
}

TEST(HistogramTest, SumsWhatItObserves) {
  Histogram histogram;
  histogram.Observe(std::uint64_t{3});
  histogram.Observe(std::uint64_t{3});
  histogram.Observe(std::uint64_t{100});
  EXPECT_EQ(histogram.Sum(), 106U);
  EXPECT_EQ(histogram.BucketCount(2), 2U);
  EXPECT_EQ(histogram.BucketCount(7), 1U);
}

TEST(HistogramTest, DurationsCountWholeMicroseconds) {
  Histogram histogram;
  histogram.Observe(1999ns);
  histogram.Observe(2ms);
  EXPECT_EQ(histogram.Sum(), 2001U);
  histogram.Observe(-5us);  // A clock that stepped back counts as nothing, not as 584,000 years.
  EXPECT_EQ(histogram.Sum(), 2001U);
  EXPECT_EQ(histogram.BucketCount(0), 2U);
}

}  // namespace
}  // namespace chaac

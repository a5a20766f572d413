// The numbers that a thread counts about itself. Each has exactly one writing thread and any number
// of readers: a relaxed load and store, no locked instruction, on the hot path.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace chaac {

class Counter {
 public:
  // Only the owning thread may call it.
  void Add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t Value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  // Only the owning thread may call it.
  void Set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void Add(std::int64_t n) noexcept { Set(Value() + n); }
  [[nodiscard]] std::int64_t Value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t> value_{0};
};

// A histogram over powers of two from 2^0: bucket i counts observations <= 2^i (the last one counts
// all above). Values are whole numbers of the unit in the metric's own name: microseconds, reports.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 26;  // Up to 2^24: 16.8 s in microseconds; then +Inf.

  // Only the owning thread may call it.
  void Observe(std::uint64_t value) noexcept {
    const auto width = static_cast<std::size_t>(value <= 1 ? 0 : std::bit_width(value - 1));
    buckets_[width < kBuckets ? width : kBuckets - 1].Add();
    sum_.Add(value);
  }
  void Observe(std::chrono::nanoseconds elapsed) noexcept {
    const auto us = elapsed.count() / 1000;
    Observe(us < 0 ? 0U : static_cast<std::uint64_t>(us));
  }
  [[nodiscard]] std::uint64_t BucketCount(std::size_t i) const noexcept {
    return buckets_[i].Value();
  }
  [[nodiscard]] std::uint64_t Sum() const noexcept { return sum_.Value(); }
  // The inclusive upper bound of bucket i. REQUIRES: i + 1 < kBuckets (the last is unbounded).
  static constexpr std::uint64_t UpperBound(std::size_t i) { return std::uint64_t{1} << i; }

 private:
  std::array<Counter, kBuckets> buckets_;
  Counter sum_;
};

}  // namespace chaac

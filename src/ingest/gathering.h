// Gathering: how long a batch waits for more reports before it leaves. Clients that send one report
// after another come back right after a commit, one by one. A batch that left with the first of
// them would be small, and most of what a batch costs the store does not depend on its size. So
// after a commit the next batch waits until three quarters of the requests that are expected have
// come, for twice as long as that commit took, at most `wait_max`. Expected are as many as were in
// that commit and behind it, or in those before: an eighth is forgotten at each commit. Who is
// alone never waits, nor does a batch that is large already. docs/adr/0007 has the measurements.
// Pure: no clock. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/time.h"

namespace chaac {

class Gathering {
 public:
  // A batch of so many reports leaves at once: what it would still gain by growing is less than
  // what the store loses by waiting for it.
  static constexpr std::size_t kReportsEnough = 2048;

  explicit Gathering(std::chrono::microseconds wait_max) : wait_max_(wait_max) {}

  // A commit of `committed` requests, which took `duration`, was settled at `now`; `waiting` others
  // wait already.
  void OnSettled(std::size_t committed, std::size_t waiting, MonotonicTime::duration duration,
                 MonotonicTime now) {
    expected_ = std::max(committed + waiting, expected_ - (expected_ + 7) / 8);
    deadline_ = now + std::min<MonotonicTime::duration>(2 * duration, wait_max_);
  }

  // Whether a batch of `waiting` requests with `reports` in them should wait for others, until
  // deadline() at the latest.
  [[nodiscard]] bool Waits(std::size_t waiting, std::size_t reports, MonotonicTime now) const {
    return waiting < expected_ - expected_ / 4 && reports < kReportsEnough && now < deadline_;
  }
  [[nodiscard]] MonotonicTime deadline() const { return deadline_; }

 private:
  const std::chrono::microseconds wait_max_;
  std::size_t expected_ = 0;
  MonotonicTime deadline_{};
};

}  // namespace chaac

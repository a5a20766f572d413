// MetricsPage: what all threads count, as Prometheus text. Thread-safe: it only reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "app/control.h"
#include "app/loop.h"
#include "base/time.h"

namespace chaac {

// Outlives every call; complete before the first.
struct MetricsPageSources {
  std::vector<const LoopMetrics*> loops;
  const ControlMetrics* control = nullptr;
  const SnapshotBoard* board = nullptr;
  const Readiness* readiness = nullptr;
  std::size_t queue_reports_max = 0;  // Of the whole process.
  WallTime started_at{};
};

// Reports that were refused, or whose outcome is unknown, for want of the store.
std::uint64_t ReportsRefusedWithoutStore(const MetricsPageSources& sources);

std::string MetricsPage(const MetricsPageSources& sources);

}  // namespace chaac

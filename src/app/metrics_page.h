// MetricsPage: what all threads count, as Prometheus text. Thread-safe: it only reads.
#pragma once

#include <string>
#include <vector>

#include "app/control.h"
#include "app/loop.h"

namespace chaac {

// Outlives every call; complete before the first.
struct MetricsPageSources {
  std::vector<const LoopMetrics*> loops;
  const ControlMetrics* control = nullptr;
  const SnapshotBoard* board = nullptr;
};

std::string MetricsPage(const MetricsPageSources& sources);

}  // namespace chaac

// AddProcess: what the kernel counts of this process, under the names that Prometheus' own client
// libraries use. Thread-safe: it keeps nothing.
#pragma once

#include "app/prometheus.h"
#include "base/time.h"

namespace chaac {

// What cannot be read here (no /proc) is left out.
void AddProcess(WallTime started_at, PrometheusPage* page);

}  // namespace chaac

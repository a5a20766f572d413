// What a snapshot knows of each municipality: plain numbers, as the store counts them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace chaac {

struct Extremes {
  std::optional<double> low;
  std::optional<double> high;

  void Widen(const Extremes& other);
};

struct MeasurementTotals {
  double sum = 0;
  std::uint64_t samples = 0;
  Extremes extremes;
};

struct MunicipalityTotals {
  std::string slug;
  std::uint64_t count = 0;
  std::vector<std::uint64_t> by_condition;  // In the order of the configured conditions.
  MeasurementTotals temperature;            // °C
  MeasurementTotals humidity;               // %
  std::optional<WallTime> last_report_at;   // Arrival of the newest report.
};

}  // namespace chaac

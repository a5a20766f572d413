// Figures as JSON text. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "query/totals.h"

namespace chaac {

inline constexpr double kMagnitudeMax = 1e15;  // Beyond it AppendNumber() has no text.

// The shortest text that reads back as the number, or null. REQUIRES: below kMagnitudeMax.
void AppendNumberOrNull(const std::optional<double>& number, std::string* out);

// {"min":15,"max":35}
void AppendRange(const Extremes& extremes, std::string* out);

// The mean, rounded to two decimals; null without samples.
void AppendMean(const MeasurementTotals& totals, std::string* out);

}  // namespace chaac

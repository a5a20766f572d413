// Figures as JSON text. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "query/totals.h"

namespace chaac {

// The shortest text that reads back as the number, or null. REQUIRES: below 1e15.
void AppendNumberOrNull(const std::optional<double>& number, std::string* out);

// {"min":15,"max":35}
void AppendRange(const Extremes& extremes, std::string* out);

// The mean, rounded to two decimals; null without samples.
void AppendMean(const MeasurementTotals& totals, std::string* out);

}  // namespace chaac

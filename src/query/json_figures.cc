// Numbers, ranges and means.
#include "query/json_figures.h"

#include <cmath>

#include "store/decimal.h"

namespace chaac {

void Extremes::Widen(const Extremes& other) {
  if (other.low && (!low || *other.low < *low)) low = other.low;
  if (other.high && (!high || *other.high > *high)) high = other.high;
}

void AppendNumberOrNull(const std::optional<double>& number, std::string* out) {
  if (number) {
    AppendNumber(*number, out);
  } else {
    out->append("null");
  }
}

void AppendRange(const Extremes& extremes, std::string* out) {
  out->append(R"({"min":)");
  AppendNumberOrNull(extremes.low, out);
  out->append(R"(,"max":)");
  AppendNumberOrNull(extremes.high, out);
  out->push_back('}');
}

void AppendMean(const MeasurementTotals& totals, std::string* out) {
  std::optional<double> mean;
  if (totals.samples != 0) {
    // The addition makes 0 of -0.
    mean = std::round(totals.sum / static_cast<double>(totals.samples) * 100) / 100 + 0.0;
  }
  AppendNumberOrNull(mean, out);
}

}  // namespace chaac

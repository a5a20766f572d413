// Report by report.
#include "tests/integration/reference.h"

#include <cstdlib>
#include <numeric>

namespace chaac {

std::int64_t Reference::Measurement::Sum() const {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

void Reference::Add(const ReferenceReport& report) {
  Municipality& m = municipalities_[report.municipality];
  m.ids.push_back(report.id);
  m.reports.push_back(report);
  if (!report.condition.empty()) ++m.by_condition[report.condition];
  if (report.temperature_hundredths) m.temperature.values.push_back(*report.temperature_hundredths);
  if (report.humidity_hundredths) m.humidity.values.push_back(*report.humidity_hundredths);
}

std::string HundredthsText(std::int64_t hundredths) {
  const std::int64_t magnitude = std::abs(hundredths);
  std::string text = (hundredths < 0 ? "-" : "") + std::to_string(magnitude / 100);
  const auto fraction = static_cast<int>(magnitude % 100);
  if (fraction == 0) return text;
  text += '.';
  text += static_cast<char>('0' + fraction / 10);
  if (fraction % 10 != 0) text += static_cast<char>('0' + fraction % 10);
  return text;
}

}  // namespace chaac

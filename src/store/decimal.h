// Decimal: measurements as text, and sums of them that are exact while it matters.
// Measurements have few decimals (25.3), but binary fractions add up with noise
// (50.699999999999996). Sums of values with at most six decimals are therefore kept as whole
// millionths. Pure functions.
#pragma once

#include <cstdint>
#include <string>

namespace chaac {

// Appends the shortest text that reads back as `value`; integers without a point. REQUIRES: |value|
// < 1e15.
void AppendNumber(double value, std::string* out);

class DecimalSum {
 public:
  // REQUIRES: |value| < 1e6, and fewer than 1e6 values in all (so that millionths fit 64 bits).
  void Add(double value);
  [[nodiscard]] std::string Text() const;
  void AppendText(std::string* out) const;

 private:
  std::int64_t millionths_ = 0;  // Of the values with at most six decimals.
  double rest_ = 0;              // Of the others.
};

}  // namespace chaac

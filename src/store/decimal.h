// Decimal: measurements as text, and sums of them that are exact while it matters.
// Measurements have few decimals (25.3), but binary fractions add up with noise
// (50.699999999999996). Sums of values with at most six decimals are therefore kept as whole
// millionths. Pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chaac {

// The shortest text that reads back as a value; integers without a point. A plain value on the
// stack: it is made for every measurement.
class NumberText {
 public:
  explicit NumberText(double value);  // REQUIRES: |value| < 1e15.
  static NumberText OfMillionths(std::int64_t millionths);

  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

 private:
  NumberText() = default;
  void SetMillionths(std::int64_t millionths);

  std::array<char, 32> text_{};
  std::size_t size_ = 0;
};

// Appends the NumberText of `value`.
void AppendNumber(double value, std::string* out);

class DecimalSum {
 public:
  // REQUIRES: |value| < 1e6, and fewer than 1e6 values in all (so that millionths fit 64 bits).
  void Add(double value);
  [[nodiscard]] NumberText Text() const;

 private:
  std::int64_t millionths_ = 0;  // Of the values with at most six decimals.
  double rest_ = 0;              // Of the others.
};

}  // namespace chaac

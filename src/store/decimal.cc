// Exact sums of short decimals.
#include "store/decimal.h"

#include <array>
#include <charconv>
#include <cmath>

namespace chaac {
namespace {

constexpr double kScale = 1e6;
constexpr std::uint64_t kScaleInteger = 1'000'000;
constexpr double kExactMax = 1e9;  // Millionths below it are far fewer than a double tells apart.

void AppendDecimal(std::int64_t millionths, std::string* out) {
  std::array<char, 32> text{};
  char* end = text.data();
  if (millionths < 0) *end++ = '-';
  const std::uint64_t magnitude = millionths < 0 ? 0 - static_cast<std::uint64_t>(millionths)
                                                 : static_cast<std::uint64_t>(millionths);
  end = std::to_chars(end, text.data() + text.size(), magnitude / kScaleInteger).ptr;
  std::uint64_t fraction = magnitude % kScaleInteger;
  if (fraction != 0) *end++ = '.';
  for (std::uint64_t digit = kScaleInteger / 10; fraction != 0; digit /= 10) {
    *end++ = static_cast<char>('0' + fraction / digit);
    fraction %= digit;
  }
  out->append(text.data(), static_cast<std::size_t>(end - text.data()));
}

}  // namespace

void AppendNumber(double value, std::string* out) {
  // Almost every value has at most six decimals. Then they are its shortest text: another number of
  // so few decimals would be another double.
  if (std::abs(value) < kExactMax) {
    const auto millionths = static_cast<std::int64_t>(std::llround(value * kScale));
    if (static_cast<double>(millionths) / kScale == value) return AppendDecimal(millionths, out);
  }
  std::array<char, 32> text{};
  const auto integer = static_cast<std::int64_t>(value);
  const char* end = nullptr;
  if (static_cast<double>(integer) == value) {
    end = std::to_chars(text.data(), text.data() + text.size(), integer).ptr;
  } else {
    end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  }
  out->append(text.data(), static_cast<std::size_t>(end - text.data()));
}

void DecimalSum::Add(double value) {
  const auto scaled = static_cast<std::int64_t>(std::llround(value * kScale));
  if (static_cast<double>(scaled) / kScale == value) {
    millionths_ += scaled;
  } else {
    rest_ += value;
  }
}

void DecimalSum::AppendText(std::string* out) const {
  if (rest_ != 0) {
    AppendNumber(static_cast<double>(millionths_) / kScale + rest_, out);
  } else {
    AppendDecimal(millionths_, out);
  }
}

std::string DecimalSum::Text() const {
  std::string text;
  AppendText(&text);
  return text;
}

}  // namespace chaac

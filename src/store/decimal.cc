// Exact sums of short decimals.
#include "store/decimal.h"

#include <array>
#include <charconv>
#include <cmath>

namespace chaac {
namespace {

constexpr double kScale = 1e6;
constexpr std::uint64_t kScaleInteger = 1'000'000;

}  // namespace

void AppendNumber(double value, std::string* out) {
  std::array<char, 32> text;
  const auto integer = static_cast<std::int64_t>(value);
  const char* end = nullptr;
  if (static_cast<double>(integer) == value) {  // The common case, and -0 becomes 0.
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
    return;
  }
  const bool negative = millionths_ < 0;
  const auto magnitude = negative ? 0 - static_cast<std::uint64_t>(millionths_)
                                  : static_cast<std::uint64_t>(millionths_);
  if (negative) out->push_back('-');
  std::array<char, 24> text;
  char* end = std::to_chars(text.data(), text.data() + text.size(), magnitude / kScaleInteger).ptr;
  out->append(text.data(), static_cast<std::size_t>(end - text.data()));
  std::uint64_t fraction = magnitude % kScaleInteger;
  if (fraction == 0) return;
  out->push_back('.');
  for (std::uint64_t digit = kScaleInteger / 10; fraction != 0; digit /= 10) {
    out->push_back(static_cast<char>('0' + fraction / digit));
    fraction %= digit;
  }
}

std::string DecimalSum::Text() const {
  std::string text;
  AppendText(&text);
  return text;
}

}  // namespace chaac

// Exact sums of short decimals.
#include "store/decimal.h"

#include <charconv>
#include <cmath>

namespace chaac {
namespace {

constexpr double kScale = 1e6;
constexpr std::uint64_t kScaleInteger = 1'000'000;
constexpr double kExactMax = 1e9;  // Millionths below it are far fewer than a double tells apart.

}  // namespace

void NumberText::SetMillionths(std::int64_t millionths) {
  char* end = text_.data();
  if (millionths < 0) *end++ = '-';
  const std::uint64_t magnitude = millionths < 0 ? 0 - static_cast<std::uint64_t>(millionths)
                                                 : static_cast<std::uint64_t>(millionths);
  end = std::to_chars(end, text_.data() + text_.size(), magnitude / kScaleInteger).ptr;
  std::uint64_t fraction = magnitude % kScaleInteger;
  if (fraction != 0) *end++ = '.';
  for (std::uint64_t digit = kScaleInteger / 10; fraction != 0; digit /= 10) {
    *end++ = static_cast<char>('0' + fraction / digit);
    fraction %= digit;
  }
  size_ = static_cast<std::size_t>(end - text_.data());
}

NumberText NumberText::OfMillionths(std::int64_t millionths) {
  NumberText text;
  text.SetMillionths(millionths);
  return text;
}

NumberText::NumberText(double value) {
  // Almost every value has at most six decimals. Then they are its shortest text: another number of
  // so few decimals would be another double.
  if (std::abs(value) < kExactMax) {
    const auto millionths = static_cast<std::int64_t>(std::llround(value * kScale));
    if (static_cast<double>(millionths) / kScale == value) {
      SetMillionths(millionths);
      return;
    }
  }
  const auto integer = static_cast<std::int64_t>(value);
  const char* end = nullptr;
  if (static_cast<double>(integer) == value) {
    end = std::to_chars(text_.data(), text_.data() + text_.size(), integer).ptr;
  } else {
    end = std::to_chars(text_.data(), text_.data() + text_.size(), value).ptr;
  }
  size_ = static_cast<std::size_t>(end - text_.data());
}

void AppendNumber(double value, std::string* out) { out->append(NumberText(value).text()); }

void DecimalSum::Add(double value) {
  const auto scaled = static_cast<std::int64_t>(std::llround(value * kScale));
  if (static_cast<double>(scaled) / kScale == value) {
    millionths_ += scaled;
  } else {
    rest_ += value;
  }
}

NumberText DecimalSum::Text() const {
  if (rest_ == 0) return NumberText::OfMillionths(millionths_);
  return NumberText(static_cast<double>(millionths_) / kScale + rest_);
}

}  // namespace chaac

// Numbers as Valkey reads and writes them.
#include "store/testing/numbers.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace chaac {

std::optional<std::int64_t> ParseInteger(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || (digits.front() == '0' && text != "0")) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<long double> ParseLongDouble(std::string_view text) {
  if (text.empty() || std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    return std::nullopt;
  }
  const std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  const long double value = std::strtold(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

std::string FormatLongDouble(long double value) {
  std::array<char, 5'000> buffer{};  // The largest long double has 4,933 digits.
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.17Lf", value);
  std::string text(buffer.data(), static_cast<std::size_t>(length));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

namespace {

constexpr double kIntegerMax = 0x1p62;  // Beyond, Valkey does not try an integer.

// Decimal digits d1d2…dn and an exponent: value = d1.d2…dn * 10^exponent.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

Decimal ShortestDecimal(double magnitude) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude,
                                 std::chars_format::scientific)
                       .ptr;
  Decimal decimal;
  const char* c = buffer.data();
  for (; *c != 'e'; ++c) {
    if (*c != '.') decimal.digits.push_back(*c);
  }
  ++c;  // 'e'
  std::from_chars(*c == '+' ? c + 1 : c, end, decimal.exponent);
  return decimal;
}

// Where fpconv, which Valkey uses, writes plain decimals and where an exponent.
std::string Layout(const Decimal& decimal) {
  const int count = static_cast<int>(decimal.digits.size());
  const int trailing_power = decimal.exponent - count + 1;
  const int size = std::abs(decimal.exponent);
  if (trailing_power >= 0 && size < count + 7) {
    return decimal.digits + std::string(static_cast<std::size_t>(trailing_power), '0');
  }
  if (trailing_power < 0 && (trailing_power > -7 || size < 4)) {
    const int point = count + trailing_power;
    if (point <= 0) {
      return "0." + std::string(static_cast<std::size_t>(-point), '0') + decimal.digits;
    }
    std::string text = decimal.digits;
    return text.insert(static_cast<std::size_t>(point), 1, '.');
  }
  std::string text = decimal.digits;
  if (count > 1) text.insert(1, 1, '.');
  return text + 'e' + (decimal.exponent < 0 ? '-' : '+') + std::to_string(size);
}

}  // namespace

std::string FormatLuaNumber(double value) {
  if (std::abs(value) <= kIntegerMax && std::trunc(value) == value) {
    return std::to_string(static_cast<std::int64_t>(value));
  }
  if (std::isnan(value)) return "nan";
  const std::string sign = value < 0 ? "-" : "";
  if (std::isinf(value)) return sign + "inf";
  return sign + Layout(ShortestDecimal(std::abs(value)));
}

}  // namespace chaac

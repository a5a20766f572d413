// Numbers that the store keeps as text. Pure functions.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <type_traits>

namespace chaac {

inline constexpr double kMagnitudeMax = 1e15;  // Beyond it AppendNumber() has no text.

// Nothing when `text` is not wholly a number, or one of no such magnitude.
template <typename Number>
[[nodiscard]] std::optional<Number> NumberFrom(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!(std::abs(number) < kMagnitudeMax)) return std::nullopt;  // NaN and infinity, too.
  }
  return number;
}

}  // namespace chaac

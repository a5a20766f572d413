// ServerId: the text of a report's id that a server gave, "tweet-<number>". A plain value on the
// stack: it is made for every report.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chaac {

inline constexpr std::string_view kServerIdPrefix = "tweet-";  // Clients may not begin theirs so.

class ServerId {
 public:
  explicit ServerId(std::uint64_t number) {
    char* const digits = std::copy(kServerIdPrefix.begin(), kServerIdPrefix.end(), text_.data());
    const char* const end = std::to_chars(digits, text_.data() + text_.size(), number).ptr;
    size_ = static_cast<std::size_t>(end - text_.data());
  }

  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, kServerIdPrefix.size() + 20> text_{};  // 20: the digits of 2^64.
  std::size_t size_ = 0;
};

}  // namespace chaac

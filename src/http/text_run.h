// PrintableRun: how far a text goes on without a byte that needs a closer look, eight at a time.
// Heads consist of such runs, and a look at each byte was a third of what reading one costs.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace chaac {

enum class Bytes : std::uint8_t {
  kVisible,  // 0x21 to 0x7e.
  kText,     // From 0x20 on, without 0x7f. HTAB, which is text too, ends a run.
};

// The length of a run of such bytes at the start of `text`. It may be shorter than the longest: the
// caller looks at the byte behind it.
template <Bytes kBytes>
std::size_t PrintableRun(std::string_view text) {
  if constexpr (std::endian::native != std::endian::little) return 0;
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kHighs = 0x8080'8080'8080'8080;
  // In each byte of a word, its high bit says: below `bound`, which is at most 0x80. A borrow may
  // set it wrongly, but only above a byte where it is right (Bit Twiddling Hacks, "hasless").
  const auto below = [](std::uint64_t word, std::uint64_t bound) {
    return (word - kOnes * bound) & ~word & kHighs;
  };
  std::size_t length = 0;
  for (; length + sizeof(std::uint64_t) <= text.size(); length += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + length, sizeof word);
    std::uint64_t stops = below(word, kBytes == Bytes::kVisible ? '!' : ' ');
    stops |= below(word ^ (kOnes * 0x7f), 1);
    if constexpr (kBytes == Bytes::kVisible) stops |= word & kHighs;
    if (stops != 0) return length + static_cast<std::size_t>(std::countr_zero(stops)) / 8;
  }
  return length;
}

}  // namespace chaac

// EditDistance: how many single-letter slips (insert, delete, replace, swap of neighbours) lie
// between one word and others. Bit-parallel (Hyyrö 2003), so its cost is a few instructions a
// letter: a batch full of unknown names stays cheap. Immutable after construction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chaac {

class EditDistance {
 public:
  static constexpr std::size_t kWordBytesMax = 64;  // One bit of a machine word each.

  // REQUIRES: 1 <= word.size() <= kWordBytesMax.
  explicit EditDistance(std::string_view word);

  [[nodiscard]] std::size_t To(std::string_view other) const;

 private:
  std::array<std::uint64_t, 256> positions_{};  // For each byte, where the word holds it.
  std::size_t word_bytes_;
};

// The `count` candidates that are nearest to `word`, the nearest first. REQUIRES: as
// EditDistance().
[[nodiscard]] std::vector<std::string> NearestOf(std::string_view word,
                                                 const std::vector<std::string_view>& candidates,
                                                 std::size_t count);

}  // namespace chaac

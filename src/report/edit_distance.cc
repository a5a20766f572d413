// EditDistance: the optimal string alignment distance, one column of the table per letter of the
// other word, kept as the signs of its vertical differences.
#include "report/edit_distance.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace chaac {

EditDistance::EditDistance(std::string_view word) : word_bytes_(word.size()) {
  assert(!word.empty() && word.size() <= kWordBytesMax);
  for (std::size_t i = 0; i < word.size(); ++i) {
    positions_[static_cast<unsigned char>(word[i])] |= std::uint64_t{1} << i;
  }
}

std::size_t EditDistance::To(std::string_view other) const {
  const std::uint64_t last = std::uint64_t{1} << (word_bytes_ - 1);
  std::uint64_t up = ~std::uint64_t{0};  // Rows whose cell is one more than the cell above it.
  std::uint64_t down = 0;                // Rows whose cell is one less.
  std::uint64_t diagonal_zero = 0;       // Rows whose cell equals its upper left neighbour.
  std::uint64_t equal_before = 0;
  std::size_t distance = word_bytes_;
  for (const char letter : other) {
    const std::uint64_t equal = positions_[static_cast<unsigned char>(letter)];
    const std::uint64_t swapped = ((~diagonal_zero & equal) << 1) & equal_before;
    diagonal_zero = (((equal & up) + up) ^ up) | equal | down | swapped;
    std::uint64_t right_more = down | ~(diagonal_zero | up);
    std::uint64_t right_less = diagonal_zero & up;
    if ((right_more & last) != 0) ++distance;
    if ((right_less & last) != 0) --distance;
    right_more = (right_more << 1) | 1;
    right_less <<= 1;
    up = right_less | ~(diagonal_zero | right_more);
    down = right_more & diagonal_zero;
    equal_before = equal;
  }
  return distance;
}

std::vector<std::string> NearestOf(std::string_view word,
                                   const std::vector<std::string_view>& candidates,
                                   std::size_t count) {
  const EditDistance distance(word);
  std::vector<std::pair<std::size_t, std::string_view>> ranked;
  ranked.reserve(candidates.size());
  for (const std::string_view candidate : candidates) {
    ranked.emplace_back(distance.To(candidate), candidate);
  }
  count = std::min(count, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count),
                    ranked.end());
  std::vector<std::string> nearest;
  for (std::size_t i = 0; i < count; ++i) nearest.emplace_back(ranked[i].second);
  return nearest;
}

}  // namespace chaac

// The bit-parallel distance against the textbook's table.
#include "report/edit_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace chaac {
namespace {

// Optimal string alignment by the full table.
std::size_t TableDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

TEST(EditDistanceTest, CountsSlips) {
  const EditDistance distance("chinautla");
  EXPECT_EQ(distance.To("chinautla"), 0);
  EXPECT_EQ(distance.To("chinatla"), 1);    // Left out.
  EXPECT_EQ(distance.To("chinauttla"), 1);  // Doubled.
  EXPECT_EQ(distance.To("chinautka"), 1);   // Replaced.
  EXPECT_EQ(distance.To("chinaulta"), 1);   // Swapped.
  EXPECT_EQ(distance.To(""), 9);
}

TEST(EditDistanceTest, EqualsTheTableForRandomWords) {
  std::mt19937 random(20130101);
  const auto word = [&random](std::size_t bytes_min, std::size_t bytes_max) {
    std::string letters(std::uniform_int_distribution(bytes_min, bytes_max)(random), ' ');
    for (char& letter : letters) letter = "abc"[random() % 3];
    return letters;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = word(1, i % 10 == 0 ? EditDistance::kWordBytesMax : 8);
    const std::string b = word(0, i % 10 == 0 ? 100 : 8);
    ASSERT_EQ(EditDistance(a).To(b), TableDistance(a, b)) << a << ' ' << b;
  }
}

TEST(EditDistanceTest, TheNearestComeFirst) {
  EXPECT_EQ(NearestOf("coban", {"mixco", "cobano", "coban", "cobanos"}, 3),
            (std::vector<std::string>{"coban", "cobano", "cobanos"}));
  EXPECT_EQ(NearestOf("coban", {"mixco"}, 3), std::vector<std::string>{"mixco"});
  EXPECT_TRUE(NearestOf("coban", {}, 3).empty());
}

}  // namespace
}  // namespace chaac

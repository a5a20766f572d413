// Numbers as text, and sums of decimals without binary noise.
#include "store/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace chaac {
namespace {

std::string TextOf(double value) {
  std::string text = "=";  // What is there stays.
  AppendNumber(value, &text);
  return text.substr(1);
}

std::string SumText(const std::vector<double>& values) {
  DecimalSum sum;
  for (const double value : values) sum.Add(value);
  return std::string(sum.Text().text());
}

TEST(DecimalTest, WritesTheShortestTextThatReadsBack) {
  const std::vector<std::pair<double, std::string>> cases = {{0, "0"},
                                                             {-0.0, "0"},
                                                             {25, "25"},
                                                             {-90, "-90"},
                                                             {25.3, "25.3"},
                                                             {-0.5, "-0.5"},
                                                             {0.1, "0.1"},
                                                             {59.99, "59.99"},
                                                             {1e14, "100000000000000"},
                                                             {1.0 / 3, "0.3333333333333333"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(TextOf(value), text);
  for (const double value : {1e-7, 1e-300, 25.000000000000004}) {
    EXPECT_EQ(std::stod(TextOf(value)), value);
  }
}

TEST(DecimalTest, ShortDecimalsAreWrittenAsTheyWereRead) {
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const int decimals = static_cast<int>(random() % 7);
    std::string text = std::to_string(random() % 1'000);
    if (random() % 2 == 0) text.insert(0, "-");
    if (decimals > 0) text += '.';
    for (int digit = 1; digit < decimals; ++digit) text += static_cast<char>('0' + random() % 10);
    if (decimals > 0) text += static_cast<char>('1' + random() % 9);  // No zero at the end.
    if (text == "-0") continue;
    ASSERT_EQ(TextOf(std::stod(text)), text);
  }
}

TEST(DecimalTest, SumsOfDecimalsHaveNoNoise) {
  EXPECT_EQ(SumText({}), "0");
  EXPECT_EQ(SumText({25}), "25");
  EXPECT_EQ(SumText({25.3, 25.4}), "50.7");
  EXPECT_EQ(SumText({0.1, 0.2}), "0.3");
  EXPECT_EQ(SumText({25.3, -25.3}), "0");
  EXPECT_EQ(SumText({-0.1, -0.2}), "-0.3");
  EXPECT_EQ(SumText({-0.000001}), "-0.000001");
  EXPECT_EQ(SumText({10.05, 20.005}), "30.055");
  EXPECT_EQ(SumText(std::vector<double>(10'000, 25.1)), "251000");
  EXPECT_EQ(SumText(std::vector<double>(999'999, 999'999.999999)), "999998999999.000001");
}

TEST(DecimalTest, SumsAreTheIntegersWhileAllAreWhole) {
  EXPECT_EQ(SumText({20, -50, 7}), "-23");
  EXPECT_EQ(SumText({0.5, 0.5}), "1");
}

TEST(DecimalTest, ValuesWithMoreDecimalsAreAddedAsTheyAre) {
  EXPECT_EQ(SumText({0.1234567}), "0.1234567");
  EXPECT_NEAR(std::stod(SumText({0.1234567, 20.5, -0.00000001})), 20.62345669, 1e-12);
}

TEST(DecimalTest, RandomHundredthsAddUpExactly) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> hundredths(-9'000, 6'000);
  for (int round = 0; round < 100; ++round) {
    DecimalSum sum;
    std::int64_t expected = 0;
    for (int i = 0; i < 1'000; ++i) {
      const int value = hundredths(random);
      sum.Add(value / 100.0);
      expected += value;
    }
    const std::string text(sum.Text().text());
    EXPECT_EQ(std::llround(std::stod(text) * 100), expected);
    EXPECT_LE(text.size(), std::to_string(expected).size() + 2);
  }
}

}  // namespace
}  // namespace chaac

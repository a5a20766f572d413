// Numbers, ranges and means as text.
#include "query/json_figures.h"

#include <gtest/gtest.h>

namespace chaac {
namespace {

std::string MeanOf(const MeasurementTotals& totals) {
  std::string text;
  AppendMean(totals, &text);
  return text;
}

TEST(ExtremesTest, WidenByWhatIsKnown) {
  Extremes extremes;
  extremes.Widen({});
  EXPECT_EQ(extremes.low, std::nullopt);
  extremes.Widen({.low = 3, .high = 3});
  extremes.Widen({.low = -1, .high = std::nullopt});
  extremes.Widen({.low = 2, .high = 5});
  EXPECT_EQ(extremes.low, -1);
  EXPECT_EQ(extremes.high, 5);
}

TEST(JsonFiguresTest, WhatIsNotKnownIsNull) {
  std::string text;
  AppendRange({.low = -3.25, .high = std::nullopt}, &text);
  EXPECT_EQ(text, R"({"min":-3.25,"max":null})");
}

TEST(JsonFiguresTest, MeansHaveTwoDecimals) {
  EXPECT_EQ(MeanOf({}), "null");
  EXPECT_EQ(MeanOf({.sum = 61, .samples = 3, .extremes = {}}), "20.33");
  EXPECT_EQ(MeanOf({.sum = -1, .samples = 8, .extremes = {}}), "-0.13");
  EXPECT_EQ(MeanOf({.sum = -0.001, .samples = 1, .extremes = {}}), "0");
  EXPECT_EQ(MeanOf({.sum = 40, .samples = 2, .extremes = {}}), "20");
}

}  // namespace
}  // namespace chaac

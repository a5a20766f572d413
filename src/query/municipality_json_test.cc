// Municipalities as JSON, whole and without what never changes.
#include "query/municipality_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace chaac {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kNoFigures =
    R"("count":0,"avg_temperature":null,"avg_humidity":null,)"
    R"("extremes":{"temperature":{"min":null,"max":null},"humidity":{"min":null,"max":null}},)"
    R"("by_condition":{"sunny":0,"cloudy":0,"rainy":0},)"
    R"("most_common":null,"least_common":null,"last_report_at":null})";

class MunicipalityJsonTest : public testing::Test {
 protected:
  std::string Whole(const MunicipalityTotals& totals) const {
    std::string text;
    json_.AppendWhole(totals, &text);
    return text;
  }

  std::string Figures(const MunicipalityTotals& totals) const {
    std::string text;
    json_.AppendFigures(totals, &text);
    return text;
  }

  const Catalogue catalogue_{
      "slug,name,department,lat,lon\n"
      "mixco,Mixco,Guatemala,14.6331,-90.60639\n"
      "coban,\"Cob\"\"án\",,,\n",
      "test"};
  const MunicipalityJson json_{{"sunny", "cloudy", "rainy"}, &catalogue_};
};

TEST_F(MunicipalityJsonTest, TellsThePlaceAndAllFigures) {
  const MunicipalityTotals totals{
      .slug = "mixco",
      .count = 4,
      .by_condition = {1, 3, 0},
      .temperature = {.sum = 61, .samples = 3, .extremes = {.low = 20.25, .high = 20.5}},
      .humidity = {.sum = 60, .samples = 1, .extremes = {.low = 60, .high = 60}},
      .last_report_at = WallTime(milliseconds(1'700'000'000'000))};
  const std::string figures =
      R"("count":4,"avg_temperature":20.33,"avg_humidity":60,)"
      R"("extremes":{"temperature":{"min":20.25,"max":20.5},"humidity":{"min":60,"max":60}},)"
      R"("by_condition":{"sunny":1,"cloudy":3,"rainy":0},)"
      R"("most_common":"cloudy","least_common":"sunny","last_report_at":"2023-11-14T22:13:20Z"})";
  EXPECT_EQ(Whole(totals), R"({"slug":"mixco","name":"Mixco","department":"Guatemala",)"
                           R"("lat":14.6331,"lon":-90.60639,)" +
                               figures);
  EXPECT_EQ(Figures(totals), R"({"slug":"mixco",)" + figures);
}

TEST_F(MunicipalityJsonTest, WhatIsNotKnownIsNull) {
  const MunicipalityTotals none{.slug = "elsewhere", .by_condition = {0, 0, 0}};
  EXPECT_EQ(Whole(none),
            R"({"slug":"elsewhere","name":null,"department":null,"lat":null,"lon":null,)" +
                std::string(kNoFigures));
  EXPECT_EQ(Figures(none), R"({"slug":"elsewhere",)" + std::string(kNoFigures));
}

TEST_F(MunicipalityJsonTest, OfEquallyCommonConditionsTheFirstIsNamed) {
  const std::string equal = Figures({.slug = "mixco", .count = 4, .by_condition = {0, 2, 2}});
  EXPECT_THAT(equal, testing::HasSubstr(R"("most_common":"cloudy","least_common":"cloudy")"));
  const std::string rising = Figures({.slug = "mixco", .count = 6, .by_condition = {1, 2, 3}});
  EXPECT_THAT(rising, testing::HasSubstr(R"("most_common":"rainy","least_common":"sunny")"));
}

TEST_F(MunicipalityJsonTest, TheSilentAreThoseOfTheCatalogueBySlug) {
  ASSERT_EQ(json_.silent().size(), 2U);
  EXPECT_EQ(json_.silent()[0].slug, "coban");
  EXPECT_EQ(json_.silent()[0].object,
            R"({"slug":"coban","name":"Cob\"án","department":null,"lat":null,"lon":null,)" +
                std::string(kNoFigures));
  EXPECT_EQ(json_.silent()[1].slug, "mixco");
  EXPECT_THAT(MunicipalityJson({"sunny"}, nullptr).silent(), testing::IsEmpty());
}

}  // namespace
}  // namespace chaac

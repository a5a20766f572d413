// Names of conditions, their synonyms and integers.
#include "report/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

namespace chaac {
namespace {

using testing::HasSubstr;

std::string ErrorOf(std::vector<std::string> slugs) {
  try {
    const Conditions conditions(std::move(slugs));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(ConditionsTest, ResolvesSlugsInAnyCaseAndSynonyms) {
  const Conditions conditions(Conditions::DefaultSlugs());
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"sunny", "sunny"},   {"Sunny", "sunny"},    {"SUNNY", "sunny"},   {"soleado", "sunny"},
      {"cloudy", "cloudy"}, {"Nublado", "cloudy"}, {"rainy", "rainy"},   {"lluvioso", "rainy"},
      {"foggy", "foggy"},   {"NEBLINA", "foggy"},  {"stormy", "stormy"}, {"windy", "windy"},
      {" snowy ", "snowy"}, {"ráiny", "rainy"},
  };
  for (const auto& [name, slug] : cases) {
    const Result<ConditionIndex> index = conditions.Resolve(name);
    ASSERT_TRUE(index) << name;
    EXPECT_EQ(conditions.slugs()[*index], slug) << name;
  }
}

TEST(ConditionsTest, NamesTheAllowedOnes) {
  const Conditions conditions({"sunny", "hail"});
  for (const std::string_view name : {"lluvioso", "rainy", "", "\xFF"}) {
    const Result<ConditionIndex> index = conditions.Resolve(name);
    ASSERT_FALSE(index) << name;
    EXPECT_EQ(index.error().code, ErrorCode::kUnknownCondition);
    EXPECT_THAT(index.error().detail, HasSubstr("is unknown; allowed: sunny, hail"));
    EXPECT_EQ(index.error().allowed, conditions.slugs());
  }
}

TEST(ConditionsTest, AConfiguredSlugIsNoSynonym) {
  const Conditions conditions({"sunny", "soleado"});
  EXPECT_EQ(conditions.Resolve("Soleado").value(), 1);
}

TEST(ConditionsTest, ResolvesTheOriginalIntegers) {
  const Conditions conditions({"foggy", "rainy", "sunny"});
  EXPECT_EQ(conditions.ResolveNumber(1).value(), 2);
  EXPECT_EQ(conditions.ResolveNumber(3).value(), 1);
  EXPECT_EQ(conditions.ResolveNumber(4).value(), 0);
  for (const std::int64_t number : {0, 2, 5, -1}) {
    const Result<ConditionIndex> index = conditions.ResolveNumber(number);
    ASSERT_FALSE(index) << number;
    EXPECT_EQ(index.error().code, ErrorCode::kUnknownCondition);
    EXPECT_EQ(index.error().allowed, conditions.slugs());
  }
}

TEST(ConditionsTest, RefusesABadConfiguration) {
  EXPECT_EQ(ErrorOf({}), "0 conditions are configured; 1 to 32 are allowed");
  EXPECT_THAT(ErrorOf({"sunny", "Partly cloudy"}),
              HasSubstr("condition \"Partly cloudy\" is not a slug"));
  EXPECT_EQ(ErrorOf({"sunny", "rainy", "sunny"}), "condition sunny is configured twice");
  std::vector<std::string> slugs;
  for (std::size_t i = 0; i < Conditions::kCountMax; ++i) slugs.push_back("c" + std::to_string(i));
  EXPECT_EQ(ErrorOf(slugs), "no error");
  slugs.emplace_back("one-more");
  EXPECT_EQ(ErrorOf(slugs), "33 conditions are configured; 1 to 32 are allowed");
}

}  // namespace
}  // namespace chaac

// Every error code has a complete row, and its label is unique.
#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace chaac {
namespace {

TEST(ErrorTest, EveryCodeHasAStatusATitleAndAUniqueType) {
  std::set<std::string_view> types;
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) {
    const ErrorTraits& traits = TraitsOf(static_cast<ErrorCode>(i));
    EXPECT_GE(traits.http_status, 400);
    EXPECT_LT(traits.http_status, 600);
    EXPECT_FALSE(traits.title.empty());
    EXPECT_TRUE(types.insert(traits.type).second) << traits.type;
  }
}

TEST(ErrorTest, TheTwoStoreOutagesHaveTheirOwnTypes) {
  EXPECT_EQ(TraitsOf(ErrorCode::kNotCommitted).type, "not-committed");
  EXPECT_EQ(TraitsOf(ErrorCode::kOutcomeUnknown).type, "outcome-unknown");
  EXPECT_EQ(TraitsOf(ErrorCode::kHttpVersion).http_status, 505);
}

}  // namespace
}  // namespace chaac

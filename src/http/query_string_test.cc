// Parameters, and what is refused of them.
#include "http/query_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace chaac {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array<std::string_view, 3> kKnown = {"from", "to", "ñ"};

QueryString Parsed(std::string_view query) {
  const Result<QueryString> parsed = QueryString::Parse(query, kKnown);
  EXPECT_TRUE(parsed) << query;
  return parsed.value_or(QueryString());
}

Error RefusalOf(std::string_view query) {
  const Result<QueryString> parsed = QueryString::Parse(query, kKnown);
  EXPECT_FALSE(parsed) << query;
  return parsed ? Error{} : parsed.error();
}

TEST(QueryStringTest, HoldsNamesAndValues) {
  const QueryString parsed = Parsed("from=2026-07-01T12:30:00+06:00&to=a=b");
  EXPECT_EQ(parsed.Find("from"), "2026-07-01T12:30:00+06:00");
  EXPECT_EQ(parsed.Find("to"), "a=b");
  EXPECT_EQ(parsed.Find("step"), std::nullopt);
  EXPECT_EQ(Parsed("").Find("from"), std::nullopt);
}

TEST(QueryStringTest, IsDecoded) {
  EXPECT_EQ(Parsed("from=San%20Jos%C3%A9").Find("from"), "San José");
  EXPECT_EQ(Parsed("fr%6fm=%00%ff%2b%26%3d%25").Find("from"), std::string_view("\0\xFF+&=%", 6));
  EXPECT_EQ(Parsed("%C3%B1=1").Find("ñ"), "1");
}

TEST(QueryStringTest, NothingBetweenAmpersandsIsNothing) {
  const QueryString parsed = Parsed("&from&&to=&");
  EXPECT_EQ(parsed.Find("from"), "");
  EXPECT_EQ(parsed.Find("to"), "");
}

TEST(QueryStringTest, EscapesAreStrict) {
  for (const char* query :
       {"from=%", "from=%2", "from=%2&to=1", "from=%2g", "from=%+1", "%=", "from=%%20"}) {
    const Error refusal = RefusalOf(query);
    EXPECT_EQ(refusal.code, ErrorCode::kMalformedUri) << query;
    EXPECT_THAT(refusal.detail, HasSubstr("%25")) << query;
  }
}

TEST(QueryStringTest, NothingIsGivenTwice) {
  for (const char* query : {"from=1&from=1", "from&to=1&from", "from=1&fro%6D=2"}) {
    const Error refusal = RefusalOf(query);
    EXPECT_EQ(refusal.code, ErrorCode::kMalformedUri) << query;
    EXPECT_THAT(refusal.detail, HasSubstr("\"from\" is given twice"));
  }
}

TEST(QueryStringTest, OnlyWhatIsKnownIsTaken) {
  for (const char* query : {"form=1", "From=1", "=1", "from=1&x", "from%00=1"}) {
    const Error refusal = RefusalOf(query);
    EXPECT_EQ(refusal.code, ErrorCode::kInvalidParameter) << query;
    EXPECT_THAT(refusal.allowed, ElementsAre("from", "to", "ñ"));
  }
  EXPECT_THAT(RefusalOf("form=1").detail,
              HasSubstr("\"form\" is unknown here; known: from, to, ñ"));
  EXPECT_THAT(QueryString::Parse("x", {}).error().detail, HasSubstr("none is taken"));
}

}  // namespace
}  // namespace chaac

// Tags of bodies.
#include "query/cached_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chaac {
namespace {

TEST(CachedBodyTest, IsMatchedByAListThatNamesIt) {
  const CachedBody cached{.body = {}, .headers = {}, .etag = R"(W/"1f")"};
  for (const char* list : {"*", R"(W/"1f")", R"("1f")", R"("a",W/"1f")",
                           R"( "a" , W/"b",  "1f" ,"c")", R"("","1f")", R"("a,b", "1f")"}) {
    EXPECT_TRUE(cached.MatchedBy(list)) << list;
  }
  for (const char* list : {"", "1f", R"("1F")", R"("11f", "1ff")", R"("*")", R"(*, "a")",
                           R"("a"1f"b")", R"("1f)", R"(W/"a", W/"b")"}) {
    EXPECT_FALSE(cached.MatchedBy(list)) << list;
  }
}

TEST(CachedBodyTest, ItsTagIsThatOfItsFigures) {
  const CachedBody whole = MakeCachedBody("abc");
  EXPECT_EQ(whole.body, "abc");
  EXPECT_THAT(whole.etag, testing::MatchesRegex("W/\"[0-9a-f]{16}\""));
  EXPECT_EQ(whole.headers, "ETag: " + whole.etag + "\r\nCache-Control: public, max-age=1\r\n");
  EXPECT_EQ(MakeCachedBody("abc and the time", "abc").etag, whole.etag);
  EXPECT_NE(MakeCachedBody("abd").etag, whole.etag);
}

}  // namespace
}  // namespace chaac

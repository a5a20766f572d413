// Which client ids are allowed.
#include "report/client_id.h"

#include <gtest/gtest.h>

#include <string>

namespace chaac {
namespace {

TEST(ClientIdTest, AcceptsPrintableAscii) {
  const std::string longest(128, 'x');
  for (const std::string_view id :
       {std::string_view("a"), std::string_view("8e03978e-40d5-43dd"), std::string_view("key#12"),
        std::string_view("!~'{}[]<>"), std::string_view("tweet"), std::string_view(longest)}) {
    EXPECT_TRUE(CheckClientId("id", id, 128)) << id;
  }
}

TEST(ClientIdTest, RefusesEverythingElse) {
  for (const std::string& id :
       {std::string("a b"), std::string("a\"b"), std::string("a\\b"), std::string("\x7F"),
        std::string("\n"), std::string("a\0b", 3), std::string("é"), std::string("tweet-1")}) {
    const Result<void> checked = CheckClientId("id", id, 128);
    ASSERT_FALSE(checked) << id;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidId);
  }
}

TEST(ClientIdTest, BoundsTheLength) {
  EXPECT_EQ(CheckClientId("Idempotency-Key", "", 8).error().detail,
            "Idempotency-Key has 0 characters; 1 to 8 are allowed");
  EXPECT_TRUE(CheckClientId("id", "12345678", 8));
  EXPECT_EQ(CheckClientId("id", "123456789", 8).error().detail,
            "id has 9 characters; 1 to 8 are allowed");
}

}  // namespace
}  // namespace chaac

// The golden text of problem bodies, and which answers say when to try again.
#include "http/problem.h"

#include <gtest/gtest.h>

namespace chaac {
namespace {

TEST(ProblemTest, HasTheMembersOfRfc9457) {
  EXPECT_EQ(ProblemBody({ErrorCode::kOutOfRange, "temperature is 99; -90..60 is allowed", {}}),
            R"({"type":"urn:chaac:problem:out-of-range","title":"Value out of range","status":422,)"
            R"("detail":"temperature is 99; -90..60 is allowed"})");
}

TEST(ProblemTest, ListsWhatIsAllowedAndEscapesWhatTheClientSent) {
  EXPECT_EQ(ProblemBody({ErrorCode::kUnknownCondition, "weather is \"\xff\"", {"sunny", "a\"b"}}),
            R"({"type":"urn:chaac:problem:unknown-condition","title":"Unknown weather condition",)"
            "\"status\":422,\"detail\":\"weather is \\\"\xef\xbf\xbd\\\"\","
            R"("allowed":["sunny","a\"b"]})");
}

TEST(ProblemTest, OnlyTemporaryRefusalsSayWhenToTryAgain) {
  EXPECT_EQ(RetryAfterLine(503), "Retry-After: 1\r\n");
  EXPECT_EQ(RetryAfterLine(429), "Retry-After: 1\r\n");
  EXPECT_EQ(RetryAfterLine(500), "");
  EXPECT_EQ(RetryAfterLine(400), "");
}

}  // namespace
}  // namespace chaac

// When a batch waits for others, and when it does not.
#include "ingest/gathering.h"

#include <gtest/gtest.h>

namespace chaac {
namespace {

using std::chrono::microseconds;

constexpr MonotonicTime kNow{std::chrono::hours(1000)};

TEST(GatheringTest, TheFirstReportWaitsForNobody) {
  const Gathering gathering(microseconds(1'000));
  EXPECT_FALSE(gathering.Waits(1, 1, kNow));
}

TEST(GatheringTest, WhoIsAloneWaitsForNobody) {
  Gathering gathering(microseconds(1'000));
  gathering.OnSettled(1, 0, microseconds(300), kNow);
  EXPECT_FALSE(gathering.Waits(1, 1, kNow));
}

TEST(GatheringTest, WaitsForThreeQuartersOfThoseWhoAreThere) {
  Gathering gathering(microseconds(1'000));
  gathering.OnSettled(40, 24, microseconds(300), kNow);
  EXPECT_TRUE(gathering.Waits(24, 24, kNow));
  EXPECT_TRUE(gathering.Waits(47, 47, kNow + microseconds(599)));
  EXPECT_FALSE(gathering.Waits(48, 48, kNow));
  EXPECT_EQ(gathering.deadline(), kNow + microseconds(600));
  EXPECT_FALSE(gathering.Waits(1, 1, kNow + microseconds(600)));
}

TEST(GatheringTest, ManyReportsWaitForNobody) {
  Gathering gathering(microseconds(1'000));
  gathering.OnSettled(8, 0, microseconds(300), kNow);
  EXPECT_TRUE(gathering.Waits(1, 2'047, kNow));
  EXPECT_FALSE(gathering.Waits(1, 2'048, kNow));
}

TEST(GatheringTest, NeverWaitsLongerThanTheLimit) {
  Gathering gathering(microseconds(100));
  gathering.OnSettled(2, 0, std::chrono::seconds(9), kNow);
  EXPECT_TRUE(gathering.Waits(1, 1, kNow + microseconds(99)));
  EXPECT_FALSE(gathering.Waits(1, 1, kNow + microseconds(100)));
  Gathering off(microseconds(0));
  off.OnSettled(64, 0, std::chrono::seconds(9), kNow);
  EXPECT_FALSE(off.Waits(1, 1, kNow));
}

TEST(GatheringTest, RemembersThoseWhoWereLateForOneCommit) {
  Gathering gathering(microseconds(1'000));
  gathering.OnSettled(64, 0, microseconds(300), kNow);
  gathering.OnSettled(20, 4, microseconds(300), kNow);
  EXPECT_TRUE(gathering.Waits(41, 41, kNow));
  EXPECT_FALSE(gathering.Waits(42, 42, kNow));  // Three quarters of 56.
}

TEST(GatheringTest, ForgetsThoseWhoDoNotComeBack) {
  Gathering gathering(microseconds(1'000));
  gathering.OnSettled(64, 0, microseconds(300), kNow);
  int commits = 0;
  while (gathering.Waits(1, 1, kNow)) {
    gathering.OnSettled(1, 0, microseconds(100), kNow);
    ASSERT_LT(++commits, 25);
  }
}

}  // namespace
}  // namespace chaac

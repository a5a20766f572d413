// Order of expiry, re-arming, and leaving a list. Times are arguments.
#include "http/deadline_list.h"

#include <gtest/gtest.h>

#include <optional>

namespace chaac {
namespace {

using std::chrono::milliseconds;

struct Thing {
  Deadline<Thing> deadline{this};
};

constexpr MonotonicTime At(int ms) { return MonotonicTime{milliseconds{ms}}; }

TEST(DeadlineListTest, ExpiresInOrderOfArmingAndNotBeforeItsTime) {
  DeadlineList<Thing> list(milliseconds{10});
  Thing first;
  Thing second;
  list.Arm(&first.deadline, At(0));
  list.Arm(&second.deadline, At(5));
  EXPECT_EQ(list.PopExpired(At(9)), nullptr);
  EXPECT_EQ(list.PopExpired(At(10)), &first);
  EXPECT_EQ(list.PopExpired(At(10)), nullptr);
  EXPECT_FALSE(first.deadline.armed());
  EXPECT_TRUE(second.deadline.armed());
  EXPECT_EQ(list.PopExpired(At(20)), &second);
  EXPECT_EQ(list.PopExpired(At(20)), nullptr);
}

TEST(DeadlineListTest, ArmingAgainMovesItBehindTheOthersOrToAnotherList) {
  DeadlineList<Thing> list(milliseconds{10});
  DeadlineList<Thing> other(milliseconds{1});
  Thing first;
  Thing second;
  list.Arm(&first.deadline, At(0));
  list.Arm(&second.deadline, At(0));
  list.Arm(&first.deadline, At(5));
  EXPECT_EQ(list.PopExpired(At(12)), &second);
  EXPECT_EQ(list.PopExpired(At(12)), nullptr);
  other.Arm(&first.deadline, At(12));
  EXPECT_EQ(list.PopExpired(At(100)), nullptr);
  EXPECT_EQ(other.PopExpired(At(13)), &first);
}

TEST(DeadlineListTest, DisarmedAndDestroyedOnesAreGone) {
  DeadlineList<Thing> list(milliseconds{10});
  Thing kept;
  std::optional<Thing> destroyed(std::in_place);
  Thing disarmed;
  list.Arm(&disarmed.deadline, At(0));
  list.Arm(&destroyed->deadline, At(0));
  list.Arm(&kept.deadline, At(0));
  disarmed.deadline.Disarm();
  disarmed.deadline.Disarm();
  destroyed.reset();
  EXPECT_EQ(list.PopExpired(At(50)), &kept);
  EXPECT_EQ(list.PopExpired(At(50)), nullptr);
}

}  // namespace
}  // namespace chaac

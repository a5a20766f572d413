// Which lines an outage of the store makes in the log.
#include "app/outage_log.h"

#include <gtest/gtest.h>

namespace chaac {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Event = OutageLog::Event;

class OutageLogTest : public testing::Test {
 protected:
  static constexpr MonotonicTime kStart{hours(1000)};

  Event At(std::chrono::milliseconds time, bool store_is_up) {
    return log_.OnTick(store_is_up, kStart + time);
  }

  OutageLog log_{kStart};
};

TEST_F(OutageLogTest, AStoreThatIsThereIsToldOnce) {
  EXPECT_EQ(At(milliseconds(50), false), Event::kNone);
  EXPECT_EQ(At(milliseconds(100), true), Event::kConnected);
  EXPECT_EQ(At(milliseconds(150), true), Event::kNone);
  EXPECT_EQ(At(hours(5), true), Event::kNone);
}

TEST_F(OutageLogTest, AConnectionThatIsMadeAgainAtOnceIsNoOutage) {
  EXPECT_EQ(At(seconds(1), true), Event::kConnected);
  for (int i = 1; i <= 100; ++i) {
    EXPECT_EQ(At(seconds(30 * i), false), Event::kNone);
    EXPECT_EQ(At(seconds(30 * i) + milliseconds(950), false), Event::kNone);
    EXPECT_EQ(At(seconds(30 * i) + milliseconds(990), true), Event::kNone);
  }
}

TEST_F(OutageLogTest, AnOutageIsToldAtItsBeginningOnceAMinuteAndAtItsEnd) {
  EXPECT_EQ(At(seconds(1), true), Event::kConnected);
  EXPECT_EQ(At(seconds(10), false), Event::kNone);
  EXPECT_EQ(At(seconds(11), false), Event::kBegan);
  int reminders = 0;
  for (int s = 12; s < 10 + 3'600; ++s) {
    const Event event = At(seconds(s), false);
    if (event == Event::kLasts) ++reminders;
    EXPECT_EQ(event, (s - 10) % 60 == 5 ? Event::kLasts : Event::kNone);
  }
  EXPECT_EQ(reminders, 60);
  EXPECT_EQ(At(seconds(3'625), true), Event::kNone);
  EXPECT_EQ(At(seconds(3'626), true), Event::kEnded);
  EXPECT_EQ(log_.Lasted(kStart + hours(2)), seconds(3'615));
  EXPECT_EQ(At(seconds(3'700), true), Event::kNone);
  EXPECT_EQ(At(seconds(3'701), false), Event::kNone);
  EXPECT_EQ(At(seconds(3'702), false), Event::kBegan);
  EXPECT_EQ(log_.Lasted(kStart + seconds(3'703)), seconds(2));
}

TEST_F(OutageLogTest, AStoreThatComesAndGoesIsOneOutage) {
  EXPECT_EQ(At(seconds(1), true), Event::kConnected);
  EXPECT_EQ(At(seconds(2), false), Event::kNone);
  EXPECT_EQ(At(seconds(3), false), Event::kBegan);
  int reminders = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(At(seconds(3) + milliseconds(500 * i + 250), true), Event::kNone);
    const Event event = At(seconds(3) + milliseconds(500 * i + 500), false);
    if (event == Event::kNone) continue;
    EXPECT_EQ(event, Event::kLasts);
    ++reminders;
  }
  EXPECT_EQ(reminders, 1);
  EXPECT_EQ(At(seconds(60), true), Event::kNone);
  EXPECT_EQ(At(seconds(61), true), Event::kEnded);
}

TEST_F(OutageLogTest, AStoreThatIsNotThereAtTheStartIsRemindedOf) {
  EXPECT_EQ(At(seconds(4), false), Event::kNone);
  EXPECT_EQ(At(seconds(5), false), Event::kLasts);
  EXPECT_EQ(At(seconds(64), false), Event::kNone);
  EXPECT_EQ(At(seconds(65), false), Event::kLasts);
  EXPECT_EQ(log_.Lasted(kStart + seconds(65)), seconds(65));
  EXPECT_EQ(At(seconds(66), true), Event::kConnected);
}

}  // namespace
}  // namespace chaac

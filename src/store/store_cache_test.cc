// What a loop believes the store to hold.
#include "store/store_cache.h"

#include <gtest/gtest.h>

namespace chaac {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MunicipalityIndex kMixco = 3;
constexpr MonotonicTime kNow{hours(1000)};
constexpr Range kNothing;

class StoreCacheTest : public testing::Test {
 protected:
  bool MayWiden(const Range& temperature, const Range& humidity) {
    return cache_.ExtremesMayWiden(kMixco, temperature, humidity);
  }
  void Note(const Range& temperature, const Range& humidity, bool expiry,
            MonotonicTime now = kNow) {
    cache_.NoteCommitted(kMixco, temperature, humidity, expiry, now);
  }

  StoreCache cache_{hours(24)};
};

TEST_F(StoreCacheTest, KnowsNothingAtFirst) {
  EXPECT_TRUE(cache_.ExpiryIsDue(kMixco, kNow));
  EXPECT_TRUE(MayWiden(kNothing, kNothing));
}

TEST_F(StoreCacheTest, ExtremesWithinWhatWasCommittedAskForNothing) {
  Note({10, 20}, {50, 50}, true);
  EXPECT_FALSE(MayWiden({10, 20}, {50, 50}));
  EXPECT_FALSE(MayWiden({12, 12}, kNothing));
  EXPECT_FALSE(MayWiden(kNothing, kNothing));
  EXPECT_TRUE(MayWiden({9.9, 12}, kNothing));
  EXPECT_TRUE(MayWiden({12, 20.1}, kNothing));
  EXPECT_TRUE(MayWiden({12, 12}, {50, 51}));
  Note({-5, 12}, {40, 50}, false);
  EXPECT_FALSE(MayWiden({-5, 20}, {40, 50}));
  EXPECT_TRUE(cache_.ExtremesMayWiden(kMixco + 1, {12, 12}, kNothing));
}

TEST_F(StoreCacheTest, AMeasurementThatNeverCameMayWiden) {
  Note({10, 20}, kNothing, true);
  EXPECT_FALSE(MayWiden({10, 20}, kNothing));
  EXPECT_TRUE(MayWiden({10, 20}, {50, 50}));
}

TEST_F(StoreCacheTest, TheExpiryIsRefreshedOnceAMinute) {
  Note(kNothing, kNothing, true);
  EXPECT_FALSE(cache_.ExpiryIsDue(kMixco, kNow + milliseconds(59'999)));
  Note(kNothing, kNothing, false, kNow + seconds(59));
  EXPECT_TRUE(cache_.ExpiryIsDue(kMixco, kNow + seconds(60)));
  Note(kNothing, kNothing, true, kNow + seconds(60));
  EXPECT_FALSE(cache_.ExpiryIsDue(kMixco, kNow + seconds(119)));
}

TEST_F(StoreCacheTest, KeysThatLiveShortlyAreRefreshedOftener) {
  StoreCache cache(seconds(8));
  cache.NoteCommitted(kMixco, kNothing, kNothing, true, kNow);
  EXPECT_FALSE(cache.ExpiryIsDue(kMixco, kNow + milliseconds(1'999)));
  EXPECT_TRUE(cache.ExpiryIsDue(kMixco, kNow + seconds(2)));
}

TEST_F(StoreCacheTest, ForgetsWhenTheStoreHasCreatedMunicipalitiesSince) {
  EXPECT_EQ(cache_.creations(), 0);
  Note({10, 20}, {50, 50}, true);
  cache_.NoteCreations(7);
  EXPECT_EQ(cache_.creations(), 7);
  EXPECT_TRUE(MayWiden({15, 15}, kNothing));
  EXPECT_TRUE(cache_.ExpiryIsDue(kMixco, kNow));
}

TEST_F(StoreCacheTest, ClearedItKnowsNothing) {
  Note({10, 20}, {50, 50}, true);
  cache_.NoteCreations(7);
  Note({10, 20}, {50, 50}, true);
  cache_.Clear();
  EXPECT_EQ(cache_.creations(), 7);
  EXPECT_TRUE(cache_.ExpiryIsDue(kMixco, kNow));
  EXPECT_TRUE(MayWiden({15, 15}, kNothing));
}

}  // namespace
}  // namespace chaac

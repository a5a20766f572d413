// Windows, and minutes merged to steps as a plain computation over the reports merges them.
#include "query/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "report/rfc3339.h"
#include "store/decimal.h"

namespace chaac {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;

WallTime At(std::string_view text) { return ParseRfc3339(text).value(); }
std::int64_t MinuteAt(std::string_view text) {
  return std::chrono::floor<minutes>(At(text)).time_since_epoch().count();
}

const WallTime kNow = At("2026-11-25T18:00:30Z");

Error RefusalOf(const HistoryParameters& parameters) {
  const Result<HistoryWindow> window = ParseHistoryWindow(parameters, kNow);
  EXPECT_FALSE(window);
  if (window) return {};
  EXPECT_EQ(window.error().code, ErrorCode::kInvalidParameter);
  return window.error();
}

TEST(HistoryWindowTest, IsTheLastHourByDefault) {
  EXPECT_EQ(ParseHistoryWindow({}, kNow).value(),
            (HistoryWindow{.from_minute = MinuteAt("2026-11-25T17:01:00Z"),
                           .to_minute = MinuteAt("2026-11-25T18:01:00Z")}));
  const WallTime full_minute = At("2026-11-25T18:00:00Z");  // Its minute has begun.
  EXPECT_EQ(ParseHistoryWindow({}, full_minute).value(), ParseHistoryWindow({}, kNow).value());
}

TEST(HistoryWindowTest, HoldsTheMinutesThatBeginFromOnAndBeforeTo) {
  const auto window = ParseHistoryWindow(
      {.from = "2026-11-25T10:00:00.001Z", .to = "2026-11-25T06:02:00-06:00", .step = "3600"},
      kNow);
  EXPECT_EQ(window.value(), (HistoryWindow{.from_minute = MinuteAt("2026-11-25T10:01:00Z"),
                                           .to_minute = MinuteAt("2026-11-25T12:02:00Z"),
                                           .step_minutes = 60}));
  EXPECT_EQ(window->FirstStep(), MinuteAt("2026-11-25T10:00:00Z") / 60);
  EXPECT_EQ(window->StepCount(), 3);
}

TEST(HistoryWindowTest, MayBeEmptyOrAhead) {
  const auto empty =
      ParseHistoryWindow({.from = "2026-11-25T10:00:30Z", .to = "2026-11-25T10:00:40Z"}, kNow);
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->StepCount(), 0);
  EXPECT_EQ(History(*empty).Json("mixco"),
            R"({"municipality":"mixco","from":"2026-11-25T10:01:00Z",)"
            R"("to":"2026-11-25T10:01:00Z","step":60,"points":[]})");
  EXPECT_TRUE(
      ParseHistoryWindow({.from = "2030-01-01T00:00:00Z", .to = "2030-01-02T00:00:00Z"}, kNow));
  const auto old = ParseHistoryWindow({.to = "1970-01-01T00:00:00Z", .step = "180"}, kNow);
  ASSERT_TRUE(old);
  EXPECT_EQ(old->FirstStep(), -20);
  EXPECT_EQ(old->StepCount(), 20);
}

TEST(HistoryWindowTest, RefusesWhatIsNoTimeAndNoStep) {
  for (const char* text : {"", "yesterday", "2026-11-25", "2026-11-25T10:00:00", "1795600000"}) {
    EXPECT_THAT(RefusalOf({.from = text}).detail, HasSubstr("from \"")) << text;
    EXPECT_THAT(RefusalOf({.to = text}).detail, HasSubstr("to \"")) << text;
  }
  for (const char* text : {"1969-12-31T23:59:00Z", "0000-01-01T00:00:00+23:00"}) {
    EXPECT_THAT(RefusalOf({.to = text}).allowed,
                ElementsAre("1970-01-01T00:00:00Z..9999-12-31T23:59:00Z"));
  }
  RefusalOf({.to = "9999-12-31T23:59:01Z"});
  for (const char* text :
       {"", "0", "-60", "30", "90", "60.0", "1e3", "86460", "99999999999999999999"}) {
    const Error refusal = RefusalOf({.step = text});
    EXPECT_THAT(refusal.detail, HasSubstr("step \"" + std::string(text) + "\""));
    EXPECT_THAT(refusal.allowed, ElementsAre("60..86400, a multiple of 60"));
  }
}

TEST(HistoryWindowTest, RefusesToLookTooFarAndSaysHowFar) {
  EXPECT_EQ(RefusalOf({.from = "2026-11-25T10:01:00Z", .to = "2026-11-25T10:00:00Z"}).detail,
            "from 2026-11-25T10:01:00Z is after to 2026-11-25T10:00:00Z");
  const HistoryParameters month = {
      .from = "2026-10-01T00:00:00Z", .to = "2026-11-01T00:00:00Z", .step = "3600"};
  EXPECT_TRUE(ParseHistoryWindow(month, kNow));
  EXPECT_THAT(RefusalOf({.from = "2026-09-30T23:59:00Z", .to = month.to, .step = "3600"}).allowed,
              ElementsAre("from 2026-10-01T00:00:00Z or later, with this to"));
}

TEST(HistoryWindowTest, AnswersAtMost1500Points) {
  const HistoryParameters most = {.from = "2026-11-24T00:00:00Z", .to = "2026-11-25T01:00:00Z"};
  EXPECT_EQ(ParseHistoryWindow(most, kNow)->StepCount(), kHistoryPointsMax);
  const Error refusal = RefusalOf({.from = most.from, .to = "2026-11-25T01:01:00Z"});
  EXPECT_THAT(refusal.detail, HasSubstr("step 60 makes 1501 points"));
  EXPECT_THAT(refusal.allowed, ElementsAre("step 120..86400, a multiple of 60"));
  const Error month = RefusalOf({.from = "2026-10-01T00:10:00Z", .to = "2026-11-01T00:10:00Z"});
  EXPECT_THAT(month.allowed, ElementsAre("step 1800..86400, a multiple of 60"));
  EXPECT_TRUE(ParseHistoryWindow(
      {.from = "2026-10-01T00:10:00Z", .to = "2026-11-01T00:10:00Z", .step = "1800"}, kNow));
}

TEST(BucketTest, ReadsWhatTheStoreHolds) {
  const auto bucket = ParseBucket("3 2 50.7 -3.25 27 0 0 - -");
  ASSERT_TRUE(bucket);
  EXPECT_EQ(bucket->count, 3U);
  EXPECT_EQ(bucket->temperature.samples, 2U);
  EXPECT_EQ(bucket->temperature.sum, 50.7);
  EXPECT_EQ(bucket->temperature.extremes.low, -3.25);
  EXPECT_EQ(bucket->temperature.extremes.high, 27);
  EXPECT_EQ(bucket->humidity.samples, 0U);
}

TEST(BucketTest, RefusesAllElse) {
  for (const char* text :
       {"", "3", "3 2 50.7 -3.25 27 0 0 -", "3 2 50.7 -3.25 27 0 0 - - -",
        "3 2 50.7 -3.25 27 0 0 - - ", " 3 2 50.7 -3.25 27 0 0 - -", "3 2 50.7 - 27 0 0 - -",
        "-3 2 50.7 -3.25 27 0 0 - -", "3 2 nan -3.25 27 0 0 - -", "3 2 1e300 -3.25 27 0 0 - -",
        "3 2 50.7 x 27 0 0 - -"}) {
    EXPECT_FALSE(ParseBucket(text)) << text;
  }
}

TEST(HistoryTest, TellsPointsAsJsonAndAsCsv) {
  History history({.from_minute = MinuteAt("2026-11-25T10:00:00Z"),
                   .to_minute = MinuteAt("2026-11-25T10:10:00Z"),
                   .step_minutes = 5});
  history.Add(MinuteAt("2026-11-25T10:06:00Z"), *ParseBucket("1 0 0 - - 0 0 - -"));
  history.Add(MinuteAt("2026-11-25T10:01:00Z"), *ParseBucket("3 3 61 20.25 20.5 1 60 60 60"));
  history.Add(MinuteAt("2026-11-25T10:04:00Z"), *ParseBucket("1 1 -9 -9 -9 0 0 - -"));
  EXPECT_EQ(history.Json("mixco"),
            R"({"municipality":"mixco","from":"2026-11-25T10:00:00Z","to":"2026-11-25T10:10:00Z",)"
            R"("step":300,"points":[{"at":"2026-11-25T10:00:00Z","count":4,)"
            R"("temperature":{"mean":13,"min":-9,"max":20.5},)"
            R"("humidity":{"mean":60,"min":60,"max":60}},)"
            R"({"at":"2026-11-25T10:05:00Z","count":1,"temperature":null,"humidity":null}]})");
  EXPECT_EQ(history.CsvRows("mixco"),
            "mixco,2026-11-25T10:00:00Z,4,13,-9,20.5,60,60,60\r\n"
            "mixco,2026-11-25T10:05:00Z,1,,,,,,\r\n");
  EXPECT_EQ(std::count(kHistoryCsvHeader.begin(), kHistoryCsvHeader.end(), ','), 8);
}

// Reports in whole hundredths, so that their sums are exact.
struct PlainReport {
  std::int64_t minute;
  std::int64_t temperature;
  std::int64_t humidity;
  bool has_temperature;
  bool has_humidity;
};

struct PlainSums {
  std::int64_t samples = 0;
  std::int64_t sum = 0;
  std::int64_t low = INT64_MAX;
  std::int64_t high = INT64_MIN;

  void Add(std::int64_t value) {
    ++samples;
    sum += value;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  std::string Words() const {
    if (samples == 0) return "0 0 - -";
    return std::to_string(samples) + " " + Text(sum) + " " + Text(low) + " " + Text(high);
  }
  // Hundredths as the store writes them.
  static std::string Text(std::int64_t hundredths) {
    std::string text;
    AppendNumber(static_cast<double>(hundredths) / 100, &text);
    return text;
  }
};

struct PlainBucket {
  std::int64_t count = 0;
  PlainSums temperature;
  PlainSums humidity;

  void Add(const PlainReport& report) {
    ++count;
    if (report.has_temperature) temperature.Add(report.temperature);
    if (report.has_humidity) humidity.Add(report.humidity);
  }
};

void ExpectSame(const MeasurementTotals& merged, const PlainSums& plain) {
  EXPECT_EQ(merged.samples, static_cast<std::uint64_t>(plain.samples));
  EXPECT_NEAR(merged.sum * 100, static_cast<double>(plain.sum), 1e-5);
  if (plain.samples == 0) return;
  EXPECT_EQ(merged.extremes.low, static_cast<double>(plain.low) / 100);
  EXPECT_EQ(merged.extremes.high, static_cast<double>(plain.high) / 100);
}

class MergeTest : public testing::TestWithParam<unsigned> {
 protected:
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution(low, high)(random_);
  }

  std::mt19937 random_{GetParam()};
};

TEST_P(MergeTest, MergesAsAPlainComputationOverTheReports) {
  const std::int64_t start = MinuteAt("2026-11-25T00:00:00Z") + Between(0, 1439);
  std::vector<PlainReport> reports;
  const std::int64_t count = Between(0, 3000);
  const std::int64_t span = Between(1, 3000);
  for (std::int64_t i = 0; i < count; ++i) {
    reports.push_back({.minute = start + Between(0, span),
                       .temperature = Between(-9000, 6000),
                       .humidity = Between(0, 10000),
                       .has_temperature = Between(0, 3) != 0,
                       .has_humidity = Between(0, 3) != 0});
  }
  std::map<std::int64_t, PlainBucket> by_minute;
  for (const PlainReport& report : reports) by_minute[report.minute].Add(report);

  for (int i = 0; i < 20; ++i) {
    HistoryWindow window;
    window.from_minute = start + Between(-100, span);
    window.to_minute = window.from_minute + Between(0, span + 100);
    window.step_minutes = Between(0, 1) == 0 ? Between(1, 10) : Between(1, kHistoryStepMinutesMax);
    History history(window);
    for (const auto& [minute, bucket] : by_minute) {
      const auto parsed = ParseBucket(std::to_string(bucket.count) + " " +
                                      bucket.temperature.Words() + " " + bucket.humidity.Words());
      ASSERT_TRUE(parsed);
      history.Add(minute, *parsed);
    }
    std::map<std::int64_t, PlainBucket> plain;
    for (const PlainReport& report : reports) {
      if (report.minute < window.from_minute || report.minute >= window.to_minute) continue;
      plain[report.minute / window.step_minutes].Add(report);
    }
    for (std::size_t s = 0; s < history.steps().size(); ++s) {
      const PlainBucket& expected = plain[window.FirstStep() + static_cast<std::int64_t>(s)];
      EXPECT_EQ(history.steps()[s].count, static_cast<std::uint64_t>(expected.count));
      ExpectSame(history.steps()[s].temperature, expected.temperature);
      ExpectSame(history.steps()[s].humidity, expected.humidity);
    }
    EXPECT_EQ(plain.size(), history.steps().size());  // None is outside of the window.
    ASSERT_FALSE(HasFailure());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MergeTest, testing::Range(1U, 26U));

}  // namespace
}  // namespace chaac

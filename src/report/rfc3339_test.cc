// RFC 3339: its own examples, every rule broken once, and a round trip.
#include "report/rfc3339.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace chaac {
namespace {

WallTime At(std::int64_t milliseconds) { return WallTime{std::chrono::milliseconds{milliseconds}}; }

TEST(ParseRfc3339Test, ReadsTimeStamps) {
  const std::vector<std::pair<std::string_view, std::int64_t>> cases = {
      {"1970-01-01T00:00:00Z", 0},
      {"1985-04-12T23:20:50.52Z", 482'196'050'520},
      {"1996-12-19T16:39:57-08:00", 851'042'397'000},
      {"1937-01-01T12:00:27.87+00:20", -1'041'337'172'130},
      {"2026-07-01t12:30:00.250-06:00", 1'782'930'600'250},
      {"2026-07-01T18:30:00z", 1'782'930'600'000},
      {"2026-07-01T18:30:00-00:00", 1'782'930'600'000},
      {"2026-07-01T18:30:00.0009999999999999999999999Z", 1'782'930'600'000},
      {"2024-02-29T00:00:00Z", 1'709'164'800'000},
      {"2000-02-29T00:00:00Z", 951'782'400'000},
      {"0000-01-01T00:00:00Z", -62'167'219'200'000},
      {"9999-12-31T23:59:59.999Z", 253'402'300'799'999},
      {"1990-12-31T23:59:60Z", 662'688'000'000},
      {"1990-12-31T15:59:60-08:00", 662'688'000'000},
  };
  for (const auto& [text, milliseconds] : cases) {
    EXPECT_EQ(ParseRfc3339(text), At(milliseconds)) << text;
  }
}

TEST(ParseRfc3339Test, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      "now",
                                      "1782930600",
                                      "2026-07-01",
                                      "2026-07-01T12:30",
                                      "2026-07-01T12:30:00",
                                      "2026-07-01 12:30:00Z",
                                      "2026-07-01T12:30:00 Z",
                                      " 2026-07-01T12:30:00Z",
                                      "2026-07-01T12:30:00Z ",
                                      "2026-7-01T12:30:00Z",
                                      "26-07-01T12:30:00Z",
                                      "02026-07-01T12:30:00Z",
                                      "+2026-07-01T12:30:00Z",
                                      "2026-+7-01T12:30:00Z",
                                      "2026-07-01T12:30:00.Z",
                                      "2026-07-01T12:30:00,5Z",
                                      "2026-07-01T12:30:00+0600",
                                      "2026-07-01T12:30:00+06",
                                      "2026-07-01T12:30:00+6:00",
                                      "2026-07-01T12:30:00+24:00",
                                      "2026-07-01T12:30:00+06:60",
                                      "2026-07-01T24:00:00Z",
                                      "2026-07-01T12:60:00Z",
                                      "2026-07-01T12:30:61Z",
                                      "2026-13-01T12:30:00Z",
                                      "2026-00-01T12:30:00Z",
                                      "2026-07-00T12:30:00Z",
                                      "2026-07-32T12:30:00Z",
                                      "2026-06-31T12:30:00Z",
                                      "2026-02-29T12:30:00Z",
                                      "1900-02-29T12:30:00Z",
                                      "2026-07-01T12:30:60Z",
                                      "1990-12-30T23:59:60Z",
                                      "1990-12-31T23:59:60-08:00",
                                      "2026-07-01T12:30:00Zjunk",
                                      "２026-07-01T12:30:00Z"}) {
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseRfc3339(std::string_view("2026-07-01T12:30:00Z\0", 21)), std::nullopt);
}

TEST(FormatRfc3339Test, RoundTrips) {
  for (std::int64_t day = -700'000; day < 2'900'000; day += 997) {
    const WallTime time = At(day * 86'400'000 + 45'296'000);
    ASSERT_EQ(ParseRfc3339(FormatRfc3339(time)), time) << FormatRfc3339(time);
  }
  EXPECT_EQ(FormatRfc3339(At(1'782'930'600'999)), "2026-07-01T18:30:00Z");
  EXPECT_EQ(FormatRfc3339(At(-1)), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace chaac

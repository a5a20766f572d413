// Reports as `recent` holds them.
#include "query/recent_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace chaac {
namespace {

constexpr std::string_view kWhole =
    R"({"id":"a,1","municipality":"mixco","temperature":-3.25,"humidity":60,"weather":"sunny",)"
    R"("observed_at":"2023-11-14T20:00:00.000Z","at":"2023-11-14T22:13:20.250Z"})";

std::string RowOf(std::string_view line) {
  RecentLineReader reader;
  EXPECT_TRUE(reader.IsObject(line));
  std::string row;
  reader.AppendCsvRow(line, &row);
  return row;
}

TEST(RecentLineTest, TellsWhenItArrived) {
  EXPECT_EQ(ArrivalOf(kWhole), WallTime(std::chrono::milliseconds(1'700'000'000'250)));
  for (const char* line : {"", "{}", R"({"at":1})", R"({"at":"yesterday"})", R"({"at":")",
                           R"({"observed_at":"2023-11-14T22:13:20Z"})"}) {
    EXPECT_EQ(ArrivalOf(line), std::nullopt) << line;
  }
}

TEST(RecentLineTest, IsAnObjectOrIsNotShown) {
  RecentLineReader reader;
  EXPECT_TRUE(reader.IsObject(kWhole));
  EXPECT_TRUE(reader.IsObject("{}"));
  for (const char* line : {"", "x", "1", "[]", "null", R"({"at":"2023-11-14T22:13:20Z")",
                           R"({"a":1}{"at":"2023-11-14T22:13:20Z"})", "{\"a\":\"\xFF\"}"}) {
    EXPECT_FALSE(reader.IsObject(line)) << line;
  }
}

TEST(RecentLineTest, IsARowOfCells) {
  EXPECT_EQ(RowOf(kWhole),
            "mixco,2023-11-14T22:13:20.250Z,-3.25,60,sunny,2023-11-14T20:00:00.000Z,\"a,1\"\r\n");
  EXPECT_EQ(
      RowOf(R"({"id":"=1","municipality":"mixco","humidity":0.5,"at":"2023-11-14T22:13:20Z"})"),
      "mixco,2023-11-14T22:13:20Z,,0.5,,,'=1\r\n");
  EXPECT_EQ(RowOf(R"({"id":{},"municipality":null,"temperature":1e300})"), ",,,,,,\r\n");
  EXPECT_EQ(std::count(kRecentCsvHeader.begin(), kRecentCsvHeader.end(), ','), 6);
}

}  // namespace
}  // namespace chaac

// Which path goes where, and what is counted about it.
#include "http/routes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string_view>

#include "base/error.h"

namespace chaac {
namespace {

constexpr std::size_t kStatus200 = 0;
constexpr std::size_t kOtherStatus = RouteMetrics::kStatuses.size() - 1;

TEST(RoutesTest, EveryRouteIsFoundAtItsOwnDoorAlone) {
  std::set<std::string_view> paths;
  for (std::size_t i = 0; i + 1 < kRouteCount; ++i) {
    const auto route = static_cast<Route>(i);
    const bool is_admin =
        route == Route::kMetrics || route == Route::kLivez || route == Route::kReadyz;
    EXPECT_EQ(DoorOf(route), is_admin ? Door::kAdmin : Door::kPublic);
    EXPECT_EQ(FindRoute(DoorOf(route), PathOf(route)).route, route);
    const Door other = is_admin ? Door::kPublic : Door::kAdmin;
    EXPECT_EQ(FindRoute(other, PathOf(route)).route, Route::kOther);
    paths.insert(PathOf(route));
  }
  EXPECT_EQ(paths.size(), kRouteCount - 1);
}

TEST(RoutesTest, OtherPathsAreNotServed) {
  for (const char* path : {"", "//", "/api", "/api/weather/", "/API/weather", "/stats2", "/%73tats",
                           "other", "*", "http://host/stats"}) {
    EXPECT_EQ(FindRoute(Door::kPublic, path).route, Route::kOther) << path;
    EXPECT_EQ(FindRoute(Door::kAdmin, path).route, Route::kOther) << path;
  }
}

TEST(RoutesTest, ASegmentStandsForAMunicipality) {
  const auto find = [](std::string_view path) { return FindRoute(Door::kPublic, path); };
  EXPECT_EQ(find("/api/municipalities/mixco").route, Route::kMunicipality);
  EXPECT_EQ(find("/api/municipalities/mixco").segment, "mixco");
  EXPECT_EQ(find("/api/municipalities/a%2Fb").segment, "a%2Fb");
  EXPECT_EQ(find("/api/municipalities/history").segment, "history");
  EXPECT_EQ(find("/api/municipalities/mixco/history").route, Route::kHistory);
  EXPECT_EQ(find("/api/municipalities/mixco/history").segment, "mixco");
  EXPECT_EQ(find("/api/municipalities").segment, "");
  for (const char* path :
       {"/api/municipalities/", "/api/municipalities//history", "/api/municipalities/a/b",
        "/api/municipalities/a/b/history", "/api/municipalities/a/history/",
        "/api/municipalities/history/", "/api/municipalitiesX", "/x/api/municipalities/a"}) {
    EXPECT_EQ(find(path).route, Route::kOther) << path;
  }
}

TEST(RoutesTest, ReportsArePostedAndTheRestIsRead) {
  EXPECT_EQ(AllowOf(Route::kWeather), "POST");
  EXPECT_TRUE(Allows(Route::kWeather, Method::kPost));
  EXPECT_FALSE(Allows(Route::kWeather, Method::kGet));
  for (const Route route : {Route::kStats, Route::kIndex, Route::kMetrics}) {
    EXPECT_EQ(AllowOf(route), "GET, HEAD");
    EXPECT_TRUE(Allows(route, Method::kGet) && Allows(route, Method::kHead));
    for (const Method method : {Method::kPost, Method::kPut, Method::kDelete, Method::kPatch,
                                Method::kOptions, Method::kOther}) {
      EXPECT_FALSE(Allows(route, method));
    }
  }
}

TEST(RoutesTest, AnswersAreCountedByRouteAndStatus) {
  RouteMetrics metrics;
  metrics.Count(Route::kStats, 200, std::chrono::microseconds(300));
  metrics.Count(Route::kStats, 200, std::chrono::microseconds(5));
  metrics.Count(Route::kStats, 418, {});
  EXPECT_EQ(metrics.Answers(Route::kStats, kStatus200).Value(), 2U);
  EXPECT_EQ(metrics.Answers(Route::kStats, kOtherStatus).Value(), 1U);
  EXPECT_EQ(metrics.Answers(Route::kWeather, kStatus200).Value(), 0U);
  EXPECT_EQ(metrics.DurationUs(Route::kStats).Sum(), 305U);
}

TEST(RoutesTest, EveryStatusOfAnErrorIsCountedByItself) {
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) {
    RouteMetrics metrics;
    metrics.Count(Route::kOther, TraitsOf(static_cast<ErrorCode>(i)).http_status, {});
    EXPECT_EQ(metrics.Answers(Route::kOther, kOtherStatus).Value(), 0U) << i;
  }
}

}  // namespace
}  // namespace chaac

// The paths that are served, and what is counted about each. RouteMetrics is written by one thread
// and read by any; the rest is constant.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/metrics.h"
#include "http/handler.h"

namespace chaac {

enum class Route : std::uint8_t {
  kWeather,
  kStats,
  kAverages,
  kHealth,
  kReady,
  kIndex,
  kOpenApi,
  kMunicipalities,
  kMunicipality,
  kHistory,
  kRecent,
  kExport,
  kStream,
  kDocs,
  kFavicon,
  kAssets,  // All paths below it.
  kMetrics,
  kLivez,
  kReadyz,
  kOther,  // Any path that is not served.
};
inline constexpr std::size_t kRouteCount = static_cast<std::size_t>(Route::kOther) + 1;

// The path of a route, as its label in metrics; "other" for kOther. "{m}" in it stands for any one
// segment.
std::string_view PathOf(Route route);

enum class Door : std::uint8_t { kPublic, kAdmin };
Door DoorOf(Route route);

struct RouteMatch {
  Route route;
  std::string_view segment;  // What stands for "{m}", still percent-encoded; else empty.
};

// The route of `path` at this door; kOther when there is none.
RouteMatch FindRoute(Door door, std::string_view path);

// The methods a route takes, as the value of Allow.
std::string_view AllowOf(Route route);
bool Allows(Route route, Method method);

// Answers by route and status, and how long they took.
class RouteMetrics {
 public:
  // Statuses that are counted each; the last stands for all others.
  static constexpr std::array<int, 16> kStatuses = {200, 304, 400, 404, 405, 408, 413, 414,
                                                    415, 417, 422, 431, 500, 503, 505, 0};

  void Count(Route route, int status, std::chrono::nanoseconds duration);

  [[nodiscard]] const Counter& Answers(Route route, std::size_t status_index) const {
    return answers_[static_cast<std::size_t>(route)][status_index];
  }
  [[nodiscard]] const Histogram& DurationUs(Route route) const {
    return duration_us_[static_cast<std::size_t>(route)];
  }

 private:
  std::array<std::array<Counter, kStatuses.size()>, kRouteCount> answers_;
  std::array<Histogram, kRouteCount> duration_us_;
};

}  // namespace chaac

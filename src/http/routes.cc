// The table of routes.
#include "http/routes.h"

#include <algorithm>
#include <optional>

namespace chaac {
namespace {

struct Entry {
  std::string_view path;
  Door door;
};

// In the order of Route.
constexpr std::array<Entry, kRouteCount> kTable = {{
    {"/api/weather", Door::kPublic},
    {"/stats", Door::kPublic},
    {"/averages", Door::kPublic},
    {"/health", Door::kPublic},
    {"/ready", Door::kPublic},
    {"/", Door::kPublic},
    {"/openapi.json", Door::kPublic},
    {"/api/municipalities", Door::kPublic},
    {"/api/municipalities/{m}", Door::kPublic},
    {"/api/municipalities/{m}/history", Door::kPublic},
    {"/api/recent", Door::kPublic},
    {"/api/export.csv", Door::kPublic},
    {"/api/stream", Door::kPublic},
    {"/docs", Door::kPublic},
    {"/favicon.svg", Door::kPublic},
    {"/assets/{file}", Door::kPublic},
    {"/metrics", Door::kAdmin},
    {"/livez", Door::kAdmin},
    {"/readyz", Door::kAdmin},
    {"other", Door::kPublic},
}};

// What stands for the placeholder of `pattern` in `path`; nothing when the two do not match.
std::optional<std::string_view> Match(std::string_view pattern, std::string_view path) {
  const std::size_t begin = pattern.find('{');
  if (begin == std::string_view::npos) {
    return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
  }
  const std::string_view tail = pattern.substr(pattern.find('}') + 1);
  if (path.size() <= begin + tail.size() || !path.starts_with(pattern.substr(0, begin)) ||
      !path.ends_with(tail)) {
    return std::nullopt;
  }
  const std::string_view segment = path.substr(begin, path.size() - begin - tail.size());
  if (segment.find('/') != std::string_view::npos) return std::nullopt;
  return segment;
}

}  // namespace

std::string_view PathOf(Route route) { return kTable[static_cast<std::size_t>(route)].path; }

Door DoorOf(Route route) { return kTable[static_cast<std::size_t>(route)].door; }

RouteMatch FindRoute(Door door, std::string_view path) {
  for (std::size_t i = 0; i + 1 < kRouteCount; ++i) {
    if (kTable[i].door != door) continue;
    const auto segment = Match(kTable[i].path, path);
    if (segment) return {static_cast<Route>(i), *segment};
  }
  return {Route::kOther, {}};
}

std::string_view AllowOf(Route route) { return route == Route::kWeather ? "POST" : "GET, HEAD"; }

bool Allows(Route route, Method method) {
  if (route == Route::kWeather) return method == Method::kPost;
  return method == Method::kGet || method == Method::kHead;
}

void RouteMetrics::Count(Route route, int status, std::chrono::nanoseconds duration) {
  const auto* found = std::find(kStatuses.begin(), kStatuses.end() - 1, status);
  const auto index = static_cast<std::size_t>(route);
  answers_[index][static_cast<std::size_t>(found - kStatuses.begin())].Add();
  duration_us_[index].Observe(duration);
}

}  // namespace chaac

// The table of routes.
#include "http/routes.h"

#include <algorithm>

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
    {"/metrics", Door::kAdmin},
    {"/livez", Door::kAdmin},
    {"/readyz", Door::kAdmin},
    {"other", Door::kPublic},
}};

}  // namespace

std::string_view PathOf(Route route) { return kTable[static_cast<std::size_t>(route)].path; }

Route FindRoute(Door door, std::string_view path) {
  const auto* found = std::find_if(kTable.begin(), kTable.end() - 1, [&](const Entry& entry) {
    return entry.door == door && entry.path == path;
  });
  return static_cast<Route>(found - kTable.begin());
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

// Requests to endpoints.
#include "http/api.h"

namespace chaac {

void Api::OnRequest(const Request& request, RequestToken token) {
  const auto [route, segment] = FindRoute(Door::kPublic, request.path);
  if (responder_->RefuseWrongRoute(route, request, token)) return;
  switch (route) {
    case Route::kWeather:
      return weather_->OnPost(request, token);
    case Route::kStats:
      return reads_->OnStats(request, token);
    case Route::kAverages:
      return reads_->OnAverages(request, token);
    case Route::kHealth:
      return reads_->OnHealth(route, token);
    case Route::kReady:
      return reads_->OnReady(route, request, token);
    case Route::kStream:
      return stream_->OnGet(request, token);
    case Route::kOpenApi:
      return reads_->OnOpenApi(request, token);
    case Route::kMunicipalities:
      return queries_->OnMunicipalities(request, token);
    case Route::kMunicipality:
      return queries_->OnMunicipality(segment, request, token);
    case Route::kHistory:
      return queries_->OnHistory(segment, request, token);
    case Route::kRecent:
      return queries_->OnRecent(request, token);
    case Route::kExport:
      return exports_->OnExport(request, token);
    case Route::kDocs:
    case Route::kFavicon:
    case Route::kAssets:
      return page_->OnGet(route, request, token);
    default:
      if (page_->IsWanted(request)) return page_->OnGet(Route::kIndex, request, token);
      return reads_->OnIndex(token);
  }
}

void AdminApi::OnRequest(const Request& request, RequestToken token) {
  const Route route = FindRoute(Door::kAdmin, request.path).route;
  if (responder_->RefuseWrongRoute(route, request, token)) return;
  switch (route) {
    case Route::kLivez:
      return reads_->OnHealth(route, token);
    case Route::kReadyz:
      return reads_->OnReady(route, request, token);
    default:
      responder_->Answer(
          route, token,
          {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_page_()});
  }
}

}  // namespace chaac

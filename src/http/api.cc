// Requests to endpoints.
#include "http/api.h"

namespace chaac {

void Api::OnRequest(const Request& request, RequestToken token) {
  const auto [route, segment] = FindRoute(Door::kPublic, request.path);
  if (responder_->RefuseWrongRoute(route, request, token)) return;
  switch (route) {
    case Route::kWeather:
      return to_.weather->OnPost(request, token);
    case Route::kStats:
      return to_.reads->OnStats(request, token);
    case Route::kAverages:
      return to_.reads->OnAverages(request, token);
    case Route::kHealth:
      return to_.reads->OnHealth(route, token);
    case Route::kReady:
      return to_.reads->OnReady(route, request, token);
    case Route::kStream:
      return to_.stream->OnGet(request, token);
    case Route::kOpenApi:
      return to_.reads->OnOpenApi(request, token);
    case Route::kMunicipalities:
      return to_.queries->OnMunicipalities(request, token);
    case Route::kMunicipality:
      return to_.queries->OnMunicipality(segment, request, token);
    case Route::kHistory:
      return to_.queries->OnHistory(segment, request, token);
    case Route::kRecent:
      return to_.queries->OnRecent(request, token);
    case Route::kExport:
      return to_.exports->OnExport(request, token);
    case Route::kDocs:
    case Route::kFavicon:
    case Route::kAssets:
      return to_.page->OnGet(route, request, token);
    default:
      if (to_.page->IsWanted(request)) return to_.page->OnGet(Route::kIndex, request, token);
      return to_.reads->OnIndex(token);
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

// Requests to endpoints.
#include "http/api.h"

namespace chaac {

void Api::OnRequest(const Request& request, RequestToken token) {
  const Route route = FindRoute(Door::kPublic, request.path);
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
    case Route::kOpenApi:
      return reads_->OnOpenApi(token);
    default:
      return reads_->OnIndex(token);
  }
}

void AdminApi::OnRequest(const Request& request, RequestToken token) {
  const Route route = FindRoute(Door::kAdmin, request.path);
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

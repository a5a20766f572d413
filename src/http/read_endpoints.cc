// What is read, not written.
#include "http/read_endpoints.h"

#include <fmt/format.h>

#include "base/version.h"
#include "http/cached_answer.h"

namespace chaac {
namespace {

constexpr std::string_view kVary = "Vary: Accept, Accept-Encoding\r\n";  // A browser gets the page.
constexpr std::string_view kNoStore = "Cache-Control: no-store\r\n";
constexpr std::string_view kNotReadyHeaders = "Cache-Control: no-store\r\nRetry-After: 1\r\n";

std::string_view OkOr(bool ok, std::string_view failure) { return ok ? "ok" : failure; }

}  // namespace

ReadEndpoints::ReadEndpoints(const EventLoop* loop, const SnapshotBoard* board,
                             const Readiness* readiness, Responder* responder)
    : loop_(loop),
      board_(board),
      readiness_(readiness),
      responder_(responder),
      openapi_etag_(EtagOf(kOpenApiJson)),
      openapi_headers_(
          fmt::format("ETag: {}\r\nCache-Control: public, max-age=60\r\n", openapi_etag_)) {}

void ReadEndpoints::AnswerCached(Route route, const Request& request, RequestToken token,
                                 CachedBody Snapshot::*body) {
  const auto snapshot = FreshSnapshot(*board_, loop_->Now());
  if (!snapshot) return responder_->Fail(route, token, snapshot.error());
  const CachedBody& cached = (**snapshot).*body;
  chaac::AnswerCached(responder_, Remember(route, request, token, loop_->Now()),
                      {.body = cached.body, .headers = cached.headers, .etag = cached.etag},
                      *snapshot);
}

void ReadEndpoints::OnStats(const Request& request, RequestToken token) {
  AnswerCached(Route::kStats, request, token, &Snapshot::stats);
}

void ReadEndpoints::OnAverages(const Request& request, RequestToken token) {
  AnswerCached(Route::kAverages, request, token, &Snapshot::averages);
}

void ReadEndpoints::OnHealth(Route route, RequestToken token) {
  responder_->Answer(route, token, {.body = R"({"status":"healthy"})", .extra_headers = kNoStore});
}

void ReadEndpoints::OnReady(Route route, const Request& request, RequestToken token) {
  const bool ready = readiness_->Ready();
  std::string checks;
  if (request.query == "verbose") {
    checks = fmt::format(R"(,"checks":{{"serving":"{}","store":"{}","snapshot":"{}"}})",
                         OkOr(!readiness_->Draining(), "draining"),
                         OkOr(readiness_->StoreIsUp(), "out of reach"),
                         OkOr(readiness_->SnapshotIsRead(), "not read yet"));
  }
  if (!ready) {
    const std::string body =
        fmt::format(R"({{"ready":false,"reason":"{}"{}}})", readiness_->Reason(), checks);
    responder_->Answer(route, token,
                       {.status = 503, .body = body, .extra_headers = kNotReadyHeaders});
    return;
  }
  const std::string body = fmt::format(R"({{"ready":true,"processed":{}{}}})",
                                       board_->Newest()->total_processed, checks);
  responder_->Answer(route, token, {.body = body, .extra_headers = kNoStore});
}

void ReadEndpoints::OnIndex(RequestToken token) {
  std::string endpoints;
  for (std::size_t i = 0; i + 1 < kRouteCount; ++i) {
    const auto route = static_cast<Route>(i);
    if (route == Route::kIndex || DoorOf(route) != Door::kPublic) continue;
    if (!endpoints.empty()) endpoints.push_back(',');
    endpoints +=
        fmt::format(R"("{} {}")", Allows(route, Method::kPost) ? "POST" : "GET", PathOf(route));
  }
  const std::string body =
      fmt::format(R"({{"service":"chaac","version":"{}","endpoints":[{}]}})", kVersion, endpoints);
  responder_->Answer(Route::kIndex, token, {.body = body, .extra_headers = kVary});
}

void ReadEndpoints::OnOpenApi(const Request& request, RequestToken token) {
  chaac::AnswerCached(responder_, Remember(Route::kOpenApi, request, token, loop_->Now()),
                      {.body = kOpenApiJson, .headers = openapi_headers_, .etag = openapi_etag_},
                      nullptr);
}

}  // namespace chaac

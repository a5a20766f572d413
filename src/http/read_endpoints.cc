// What is read, not written.
#include "http/read_endpoints.h"

#include <fmt/format.h>

#include "base/version.h"

namespace chaac {
namespace {

constexpr std::string_view kNoStore = "Cache-Control: no-store\r\n";
constexpr std::string_view kNotReadyHeaders = "Cache-Control: no-store\r\nRetry-After: 1\r\n";

std::string_view OkOr(bool ok, std::string_view failure) { return ok ? "ok" : failure; }

}  // namespace

ReadEndpoints::ReadEndpoints(const EventLoop* loop, const SnapshotBoard* board,
                             const Readiness* readiness, Responder* responder)
    : loop_(loop), board_(board), readiness_(readiness), responder_(responder) {}

void ReadEndpoints::AnswerCached(Route route, const Request& request, RequestToken token,
                                 CachedBody Snapshot::*body) {
  const std::shared_ptr<const Snapshot> snapshot = board_->Newest();
  if (snapshot == nullptr || loop_->Now() - snapshot->taken_at_monotonic > kSnapshotAgeMax) {
    responder_->Fail(route, token,
                     {ErrorCode::kStoreUnavailable,
                      "the store cannot be read at present; what was acknowledged is safe there",
                      {}});
    return;
  }
  const CachedBody& cached = (*snapshot).*body;
  if (cached.MatchedBy(request.if_none_match)) {
    responder_->Answer(route, token, {.status = 304, .extra_headers = cached.headers});
    return;
  }
  responder_->Answer(route, token, {.body = cached.body, .extra_headers = cached.headers});
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
  const std::string body = fmt::format(
      R"({{"service":"chaac","version":"{}","endpoints":["POST /api/weather","GET /stats",)"
      R"("GET /averages","GET /health","GET /ready","GET /openapi.json"]}})",
      kVersion);
  responder_->Answer(Route::kIndex, token, {.body = body});
}

void ReadEndpoints::OnOpenApi(RequestToken token) {
  responder_->Answer(Route::kOpenApi, token, {.body = kOpenApiJson});
}

}  // namespace chaac

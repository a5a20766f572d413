// The GET routes: statistics from the newest snapshot, health, readiness, the index and the
// contract. Not thread-safe: they belong to their loop; what they read is shared and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "http/handler.h"
#include "http/readiness.h"
#include "http/responder.h"
#include "query/snapshot.h"

namespace chaac {

// GET /openapi.json: api/openapi.yaml as JSON, embedded at build time.
extern const std::string_view kOpenApiJson;

class ReadEndpoints {
 public:
  // All pointers outlive this.
  ReadEndpoints(const EventLoop* loop, const SnapshotBoard* board, const Readiness* readiness,
                Responder* responder);

  void OnStats(const Request& request, RequestToken token);
  void OnAverages(const Request& request, RequestToken token);
  void OnHealth(Route route, RequestToken token);
  // `?verbose` names each condition.
  void OnReady(Route route, const Request& request, RequestToken token);
  void OnIndex(RequestToken token);
  void OnOpenApi(const Request& request, RequestToken token);

 private:
  void AnswerCached(Route route, const Request& request, RequestToken token,
                    CachedBody Snapshot::*body);

  const EventLoop* loop_;
  const SnapshotBoard* board_;
  const Readiness* readiness_;
  Responder* responder_;
  std::string openapi_etag_;
  std::string openapi_headers_;
};

}  // namespace chaac

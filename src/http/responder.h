// Responder: answers requests through a server and counts the answers by route. Not thread-safe: it
// belongs to the server's loop.
#pragma once

#include <chrono>
#include <string_view>

#include "base/error.h"
#include "http/handler.h"
#include "http/routes.h"
#include "http/server.h"

namespace chaac {

class Responder {
 public:
  explicit Responder(RouteMetrics* metrics) : metrics_(metrics) {}

  // The server is made after its handlers; it must be known before the first request.
  void Attach(HttpServer* server) { server_ = server; }

  void Answer(Route route, RequestToken token, const Response& response,
              std::chrono::nanoseconds duration = {});
  void Fail(Route route, RequestToken token, const Error& error,
            std::chrono::nanoseconds duration = {});

  // 404 for a path that is not served, 405 with Allow for a wrong method. True when it answered.
  [[nodiscard]] bool RefuseWrongRoute(Route route, const Request& request, RequestToken token);

 private:
  HttpServer* server_ = nullptr;
  RouteMetrics* metrics_;
};

}  // namespace chaac

// Responder: answers requests through a server and counts the answers by route. Not thread-safe: it
// belongs to the server's loop.
#pragma once

#include <memory>
#include <utility>

#include "base/error.h"
#include "base/event_loop.h"
#include "base/time.h"
#include "http/handler.h"
#include "http/routes.h"
#include "http/server.h"
#include "http/stream.h"

namespace chaac {

class Responder {
 public:
  // Both pointers outlive this.
  Responder(const EventLoop* loop, RouteMetrics* metrics) : loop_(loop), metrics_(metrics) {}

  // The server is made after its handlers; it must be known before the first request.
  void Attach(HttpServer* server) { server_ = server; }

  // Answers a request that arrived in this round.
  void Answer(Route route, RequestToken token, const Response& response) {
    Answer(route, token, response, loop_->Now());
  }
  void Fail(Route route, RequestToken token, const Error& error) {
    Fail(route, token, error, loop_->Now());
  }
  void AnswerShared(Route route, RequestToken token, const Response& head,
                    std::shared_ptr<const StreamChunk> body) {
    AnswerShared(route, token, head, std::move(body), loop_->Now());
  }
  // Counts the answer when it begins; chunks go to the server() itself.
  StreamStart BeginStream(Route route, RequestToken token, const Response& head, StreamKind kind,
                          StreamSource* source);
  [[nodiscard]] HttpServer* server() const { return server_; }
  // One that arrived earlier.
  void Answer(Route route, RequestToken token, const Response& response, MonotonicTime arrived_at);
  void Fail(Route route, RequestToken token, const Error& error, MonotonicTime arrived_at);
  void AnswerShared(Route route, RequestToken token, const Response& head,
                    std::shared_ptr<const StreamChunk> body, MonotonicTime arrived_at);

  // 404 for a path that is not served, 405 with Allow for a wrong method. True when it answered.
  [[nodiscard]] bool RefuseWrongRoute(Route route, const Request& request, RequestToken token);

 private:
  void Count(Route route, int status, MonotonicTime arrived_at);

  const EventLoop* loop_;
  HttpServer* server_ = nullptr;
  RouteMetrics* metrics_;
};

}  // namespace chaac

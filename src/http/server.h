// HttpServer: the HTTP/1.1 side of one event loop: a listening socket, its connections, their
// limits and timeouts. Parses many requests from one read and sends their answers in one write. Not
// thread-safe: everything happens on its loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "base/event_loop.h"
#include "http/handler.h"
#include "http/limits.h"
#include "http/listener.h"
#include "http/metrics.h"

namespace chaac {

class HttpServer {
 public:
  // Binds and listens at once, so that a port in use is an error of the start: throws
  // std::system_error. `loop`, `handler` and `metrics` outlive the server, and the server the last
  // round of its loop. Answers leave in a round-end hook registered here: whoever answers in such
  // hooks (a commit) registers before. REQUIRES: every limit is at least 1.
  HttpServer(EventLoop* loop, const ListenAddress& address, HttpLimits limits,
             RequestHandler* handler, HttpMetrics* metrics);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Answers a request. Its bytes leave at the end of the round, in the order of the requests.
  // Adds Date, Content-Type, Content-Length and, where due, Connection: close. For HEAD the body is
  // left out and its length kept. A token whose connection has gone is ignored.
  void Respond(RequestToken token, const Response& response);

  // Answers `error` as RFC 9457 application/problem+json; 503 and 429 carry Retry-After.
  void RespondError(RequestToken token, const Error& error, std::string_view extra_headers = {});

  // From now on every answer says Connection: close, so that clients leave before Drain().
  void AnnounceClose();

  // From now on: no new connection is accepted, the last answer of a connection says
  // Connection: close, idle connections close at once. Requests that were read are still
  // answered, pipelined ones too.
  void Drain();

  // No connection is left (after Drain()).
  [[nodiscard]] bool Idle() const;

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chaac

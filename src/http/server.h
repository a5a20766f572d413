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
#include "http/stream.h"

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

  // The same with a body that many answers share: sent from where it is, never copied.
  // `head.body` is ignored.
  void RespondShared(RequestToken token, const Response& head,
                     std::shared_ptr<const StreamChunk> body);

  // Begins an answer whose body comes in chunks; `head.body`, if any, is the first of them. Chunked
  // coding on HTTP/1.1, up to the connection's end on 1.0. Answers to later requests of the
  // connection wait. From now on `source` is told when there is room, and of the stream's end;
  // kOver: of nothing (an answer to HEAD; a client that has gone; no endless stream while
  // draining).
  StreamStart BeginStream(RequestToken token, const Response& head, StreamKind kind,
                          StreamSource* source);
  // Gives a stream its next chunk, which leaves at the end of the round. No need to be asked.
  StreamWrite WriteStream(RequestToken token, std::shared_ptr<const StreamChunk> chunk);
  // Ends a stream in order, behind what was written. Its source is told nothing more.
  void EndStream(RequestToken token);
  // Ends it by closing the connection, so that the client sees that something is missing.
  void CutStream(RequestToken token);

  // From now on every answer says Connection: close, so that clients leave before Drain().
  void AnnounceClose();

  // From now on: no new connection is accepted, the last answer of a connection says
  // Connection: close, idle connections close at once, endless streams end. Requests that were
  // read are still answered, pipelined ones too.
  void Drain();

  // No connection is left (after Drain()).
  [[nodiscard]] bool Idle() const;

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chaac

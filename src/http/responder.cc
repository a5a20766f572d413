// Answers, counted.
#include "http/responder.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace chaac {
namespace {

// Caches may keep what says nothing about it, a 404 for example (RFC 9110, 15.1).
std::string_view ErrorLines(Route route) {
  return Allows(route, Method::kGet) ? "Cache-Control: no-store\r\n" : "";
}

}  // namespace

void Responder::Answer(Route route, RequestToken token, const Response& response,
                       MonotonicTime arrived_at) {
  Count(route, response.status, arrived_at);
  server_->Respond(token, response);
}

void Responder::Fail(Route route, RequestToken token, const Error& error,
                     MonotonicTime arrived_at) {
  Count(route, TraitsOf(error.code).http_status, arrived_at);
  server_->RespondError(token, error, ErrorLines(route));
}

void Responder::AnswerShared(Route route, RequestToken token, const Response& head,
                             std::shared_ptr<const StreamChunk> body, MonotonicTime arrived_at) {
  Count(route, head.status, arrived_at);
  server_->RespondShared(token, head, std::move(body));
}

StreamStart Responder::BeginStream(Route route, RequestToken token, const Response& head,
                                   StreamKind kind, StreamSource* source) {
  Count(route, head.status, loop_->Now());
  return server_->BeginStream(token, head, kind, source);
}

bool Responder::RefuseWrongRoute(Route route, const Request& request, RequestToken token) {
  if (route == Route::kOther) {
    Fail(route, token, {ErrorCode::kNotFound, "nothing is served at this path; see /", {}});
    return true;
  }
  if (Allows(route, request.method)) return false;
  const Error error{ErrorCode::kMethodNotAllowed,
                    fmt::format("{} takes {} only", PathOf(route), AllowOf(route)),
                    {}};
  Count(route, TraitsOf(error.code).http_status, loop_->Now());
  server_->RespondError(token, error,
                        fmt::format("Allow: {}\r\nCache-Control: no-store\r\n", AllowOf(route)));
  return true;
}

void Responder::Count(Route route, int status, MonotonicTime arrived_at) {
  // Who waited for the store is told in a later round, whose time says it well enough.
  const MonotonicTime round = loop_->Now();
  metrics_->Count(route, status,
                  (arrived_at == round ? EventLoop::ReadClock() : round) - arrived_at);
}

}  // namespace chaac

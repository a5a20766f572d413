// Answers, counted.
#include "http/responder.h"

#include <fmt/format.h>

namespace chaac {

void Responder::Answer(Route route, RequestToken token, const Response& response,
                       std::chrono::nanoseconds duration) {
  metrics_->Count(route, response.status, duration);
  server_->Respond(token, response);
}

void Responder::Fail(Route route, RequestToken token, const Error& error,
                     std::chrono::nanoseconds duration) {
  metrics_->Count(route, TraitsOf(error.code).http_status, duration);
  server_->RespondError(token, error);
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
  metrics_->Count(route, TraitsOf(error.code).http_status, {});
  server_->RespondError(token, error, fmt::format("Allow: {}\r\n", AllowOf(route)));
  return true;
}

}  // namespace chaac

// JSON is written by hand here: four or five members in a fixed order.
#include "http/problem.h"

#include <fmt/format.h>

#include <iterator>

#include "base/json_text.h"

namespace chaac {

std::string_view RetryAfterLine(int http_status) {
  return http_status == 503 || http_status == 429 ? "Retry-After: 1\r\n" : "";
}

std::string ProblemBody(const Error& error) {
  const ErrorTraits& traits = TraitsOf(error.code);
  std::string body;
  body.reserve(256);
  body += R"({"type":"urn:chaac:problem:)";
  body += traits.type;
  body += R"(","title":)";
  AppendJsonString(traits.title, &body);
  fmt::format_to(std::back_inserter(body), R"(,"status":{},"detail":)", traits.http_status);
  AppendJsonString(error.detail, &body);
  if (!error.allowed.empty()) {
    body += R"(,"allowed":)";
    char separator = '[';
    for (const std::string& value : error.allowed) {
      body += separator;
      AppendJsonString(value, &body);
      separator = ',';
    }
    body += ']';
  }
  body += '}';
  return body;
}

}  // namespace chaac

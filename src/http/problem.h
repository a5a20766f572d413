// The body of an error answer: application/problem+json (RFC 9457). Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace chaac {

inline constexpr std::string_view kProblemContentType = "application/problem+json";

// The header line that tells when to try again, for statuses that ask for it (429 and 503); else
// "".
std::string_view RetryAfterLine(int http_status);

// {"type":"urn:chaac:problem:…","title":…,"status":…,"detail":…} and "allowed":[…] where it helps.
std::string ProblemBody(const Error& error);

}  // namespace chaac

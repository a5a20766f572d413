// Error: why an input or an operation was refused. One closed list for the whole server, with one
// table (error.cc) to HTTP status, problem type and metric label. Errors are values after start-up.
// Immutable after construction; no thread-safety concerns of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace chaac {

enum class ErrorCode : std::uint8_t {
  kMalformedHttp,          // 400: not HTTP/1.1, or framing that two readers could read differently.
  kMalformedJson,          // 400: not JSON, duplicate keys, too deep, invalid UTF-8.
  kMalformedUri,           // 400: an escape that is none, or a parameter given twice.
  kNotFound,               // 404
  kMethodNotAllowed,       // 405, with Allow.
  kRequestTimeout,         // 408: the head or the body did not arrive in time.
  kBodyTooLarge,           // 413
  kTooManyRows,            // 413
  kUriTooLong,             // 414
  kUnsupportedMediaType,   // 415
  kExpectationFailed,      // 417
  kInvalidParameter,       // 422: a query parameter of no such name or value; allowed: what is.
  kInvalidReport,          // 422: a field is missing or has the wrong type.
  kOutOfRange,             // 422
  kUnknownMunicipality,    // 422, allowed: the nearest names.
  kAmbiguousMunicipality,  // 422, allowed: the candidates.
  kUnknownCondition,       // 422, allowed: the conditions.
  kObservedAtOutOfWindow,  // 422: observed_at is outside the window in which ids are remembered.
  kInvalidId,              // 422: a client id that may not be used.
  kIdConflict,             // 422: the id was used before for another report.
  kMunicipalityLimit,      // 422: open mode holds as many municipalities as it may.
  kHeadTooLarge,           // 431
  kInternal,               // 500
  kStoreKeyInvalid,        // 500: a key of this municipality has another type in the store.
  kNotCommitted,           // 503: certainly not stored; safe to send again.
  kOutcomeUnknown,         // 503: sent to the store, no answer; safe to send again only with an id.
  kQueueFull,              // 503: too many reports wait already; not stored.
  kIdWindowFull,           // 503: no room to remember another id; not stored.
  kStoreUnavailable,       // 503: the store cannot be read at present.
  kListenerLimit,          // 503: as many listen to the stream as may.
  kServerBusy,             // 503: large requests fill the memory they may have, or too many reads
                           // are under way; nothing was stored.
  kHttpVersion,            // 505
};
inline constexpr std::size_t kErrorCodeCount =
    static_cast<std::size_t>(ErrorCode::kHttpVersion) + 1;

// What the outside sees of an ErrorCode.
struct ErrorTraits {
  int http_status;
  std::string_view
      type;  // Last part of the problem type, and the metric's `reason`: "out-of-range".
  std::string_view title;  // Short, the same for every occurrence.
};

// Never fails: every code has a row.
const ErrorTraits& TraitsOf(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string detail;                // One sentence: what was wrong with this input.
  std::vector<std::string> allowed;  // What would be accepted, where a list helps; else empty.
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> Fail(ErrorCode code, std::string detail,
                                  std::vector<std::string> allowed = {}) {
  return tl::unexpected<Error>(Error{code, std::move(detail), std::move(allowed)});
}

}  // namespace chaac

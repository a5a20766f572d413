// The one table from ErrorCode to what clients and dashboards see.
#include "base/error.h"

#include <array>

namespace chaac {
namespace {

// In the order of ErrorCode.
constexpr std::array<ErrorTraits, kErrorCodeCount> kTraits = {{
    {400, "malformed-http", "Malformed HTTP request"},
    {400, "malformed-json", "Malformed JSON"},
    {400, "malformed-uri", "Malformed URI"},
    {404, "not-found", "Not found"},
    {405, "method-not-allowed", "Method not allowed"},
    {408, "request-timeout", "Request timeout"},
    {413, "body-too-large", "Body too large"},
    {413, "too-many-rows", "Too many rows"},
    {414, "uri-too-long", "URI too long"},
    {415, "unsupported-media-type", "Unsupported media type"},
    {417, "expectation-failed", "Expectation failed"},
    {422, "invalid-parameter", "Invalid parameter"},
    {422, "invalid-report", "Invalid report"},
    {422, "out-of-range", "Value out of range"},
    {422, "unknown-municipality", "Unknown municipality"},
    {422, "ambiguous-municipality", "Ambiguous municipality"},
    {422, "unknown-condition", "Unknown weather condition"},
    {422, "observed-at-out-of-window", "Observation time out of the window"},
    {422, "invalid-id", "Invalid report id"},
    {422, "id-conflict", "Id used before for another report"},
    {422, "municipality-limit", "Too many municipalities"},
    {431, "head-too-large", "Request head too large"},
    {500, "internal", "Internal error"},
    {500, "store-key-invalid", "A key in the store is not Chaac's"},
    {503, "not-committed", "Not committed"},
    {503, "outcome-unknown", "Outcome unknown"},
    {503, "queue-full", "Queue full"},
    {503, "id-window-full", "Id window full"},
    {503, "store-unavailable", "Store unavailable"},
    {503, "listener-limit", "Too many listeners"},
    {503, "server-busy", "Server busy"},
    {505, "http-version", "HTTP version not supported"},
}};

}  // namespace

const ErrorTraits& TraitsOf(ErrorCode code) { return kTraits[static_cast<std::size_t>(code)]; }

}  // namespace chaac

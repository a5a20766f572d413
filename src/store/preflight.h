// Preflight: asks the store once, before anything is served, whether it may hold our data, so that
// a wrong configuration is an error of the start and not of the night.
#pragma once

#include <chrono>
#include <string>

#include "store/endpoint.h"
#include "store/resolver.h"
#include "store/sentinel.h"
#include "store/transport.h"

namespace chaac {

struct PreflightResult {
  enum class Status : std::uint8_t {
    kReady,
    kUnreachable,   // Now; the links will go on trying.
    kIncompatible,  // Until somebody changes something.
  };
  Status status = Status::kUnreachable;
  std::string error;    // A sentence, unless kReady.
  std::string address;  // Of whom it speaks, as a URL without its password.
};

// What is to be checked.
struct PreflightOptions {
  Endpoint endpoint;
  Sentinels sentinels{};  // When there are any, `endpoint` tells all but host and port.
  bool waits = false;     // The user must be allowed to WAIT.
};

// Blocks for `timeout` at most (and as long as name look-ups take), and before that for
// Sentinels::kAskTimeout for each Sentinel that does not answer. `tls` as for Transport.
PreflightResult Preflight(const PreflightOptions& options, const TlsContext* tls,
                          std::chrono::milliseconds timeout);

}  // namespace chaac

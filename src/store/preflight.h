// Preflight: asks the store once, before anything is served, whether it may hold our data, so that
// a wrong configuration is an error of the start and not of the night.
#pragma once

#include <chrono>
#include <string>

#include "store/endpoint.h"
#include "store/resolver.h"
#include "store/transport.h"

namespace chaac {

struct PreflightResult {
  enum class Status : std::uint8_t {
    kReady,
    kUnreachable,   // Now; the links will go on trying.
    kIncompatible,  // Until somebody changes something.
  };
  Status status = Status::kUnreachable;
  std::string error;  // A sentence, unless kReady.
};

// Blocks for `timeout` at most (and as long as a name look-up takes). `tls` as for Transport.
PreflightResult Preflight(const Endpoint& endpoint, const TlsContext* tls,
                          std::chrono::milliseconds timeout);

}  // namespace chaac

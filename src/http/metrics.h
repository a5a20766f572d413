// HttpMetrics: what one HttpServer counts. Written by its thread, read by any.
#pragma once

#include <array>

#include "base/error.h"
#include "base/metrics.h"

namespace chaac {

struct HttpMetrics {
  Counter connections_accepted;
  Counter connections_refused;  // Over connections_max, or no descriptor was left.
  Gauge connections_open;
  Counter bytes_received;
  Counter bytes_sent;
  Counter timeouts;  // Closed for a timeout (idle ones not counted).
  // Answered by the server itself, by ErrorCode: framing, sizes, receive_timeout. No route saw
  // them.
  std::array<Counter, kErrorCodeCount> refused;
};

}  // namespace chaac

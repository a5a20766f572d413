// HttpLimits: everything an HTTP client may make the server hold or wait for. Plain values.
#pragma once

#include <chrono>
#include <cstddef>

namespace chaac {

struct HttpLimits {
  std::size_t head_bytes_max = std::size_t{16} * 1024;   // Request line and headers together: 431.
  std::size_t target_bytes_max = std::size_t{4} * 1024;  // Path and query: 414.
  std::size_t body_bytes_max =
      std::size_t{4} * 1024 * 1024;  // A batch; the decoder bounds a single report: 413.
  // What requests of more than 64 KiB hold, of one server, while they arrive: 503. A growing buffer
  // doubles, so that less than 2 * (head_bytes_max + body_bytes_max) may refuse one that is alone.
  std::size_t buffered_bytes_max = std::size_t{256} * 1024 * 1024;
  std::size_t connections_max = 10'000;  // Of one server; more are accepted and closed.
  std::size_t pipeline_max = 128;  // Unanswered requests of one connection; then it is not read.
  std::size_t output_bytes_max =
      std::size_t{64} * 1024;  // Unsent answers of one, and one more; then it is not read.
  std::chrono::milliseconds receive_timeout{10'000};  // From a request's first byte to its last.
  std::chrono::milliseconds idle_timeout{75'000};     // Between requests.
  std::chrono::milliseconds send_timeout{10'000};     // Without progress of a pending write.

  // What the kernel may hold of a stream without end, and as much again for its own overhead: the
  // event of some three hundred municipalities. A listener that does not read costs no more.
  std::size_t endless_socket_bytes = std::size_t{128} * 1024;

  // For a pending write to end, whatever its progress: a byte now and then is not enough.
  [[nodiscard]] std::chrono::milliseconds drain_timeout() const { return 6 * send_timeout; }
};

}  // namespace chaac

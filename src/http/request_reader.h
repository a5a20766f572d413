// RequestReader: one request after another from the bytes of a connection: its head, then its body
// by length or in chunks. Pure: the caller owns the bytes and does the I/O. The verdict on a stream
// does not depend on how it is split over calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/head_scanner.h"
#include "http/limits.h"

namespace chaac {

class RequestReader {
 public:
  enum class Outcome : std::uint8_t { kIncomplete, kComplete, kRefused };

  struct Progress {
    Outcome outcome;
    // kComplete: the bytes of this request; the next begins behind them. kIncomplete: how many
    // bytes to keep, fewer than given when chunks were decoded; further input goes behind those.
    std::size_t size;
  };

  // Reads the request at `request`, of which `size` bytes are there: those kept by the call before,
  // then new ones. Decodes chunks in place. kRefused: `refusal` says why, nothing more can be read.
  Progress Read(char* request, std::size_t size, const HttpLimits& limits, Error* refusal);

  // The request of the last Read(), whose outcome was kComplete and whose bytes are at `request`.
  [[nodiscard]] const RequestHead& head() const { return head_; }
  [[nodiscard]] std::string_view Body(const char* request) const {
    return {request + head_bytes_, body_bytes_};
  }

  // The client holds its body back until it reads "100 Continue", which Reset() or ContinueSent()
  // puts out of the world.
  [[nodiscard]] bool AwaitsContinue() const { return awaits_continue_; }
  void ContinueSent() {
    awaits_continue_ = false;
    head_.expects_continue = false;
  }

  // For the next request.
  void Reset();

 private:
  Progress ReadBody(char* request, std::size_t size, const HttpLimits& limits, Error* refusal);

  HeadScanner scanner_;
  ChunkedDecoder chunks_;
  RequestHead head_;
  bool awaits_continue_ = false;
  std::size_t head_bytes_ = 0;  // 0 until the head is complete.
  std::size_t body_bytes_ = 0;  // Of the decoded body, so far.
};

}  // namespace chaac

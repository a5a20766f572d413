// ResponseWriter: an answer's bytes. What most answers share is kept ready and rebuilt once a
// second, when Date changes. Not thread-safe: its server owns it. Reads no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "http/buffer.h"
#include "http/handler.h"
#include "http/head.h"
#include "http/open_stream.h"

namespace chaac {

enum class BodyPart : std::uint8_t { kSent, kLeftOut };  // kLeftOut: the answer to HEAD.

class ResponseWriter {
 public:
  // Appends `response` to `out`, as the answer to a request with these properties.
  void Append(const Response& response, BodyPart body, Persistence persistence, WallTime now,
              Buffer* out);

  // Appends the head of `response`, whose body is to follow in this framing: `length` bytes of it,
  // if that is known.
  void AppendStreamHead(const Response& response, StreamFraming framing,
                        std::optional<std::size_t> length, Persistence persistence, WallTime now,
                        Buffer* out);

 private:
  void SetDate(std::chrono::sys_seconds date);

  std::chrono::sys_seconds date_{std::chrono::seconds{-1}};
  std::string date_line_;    // "Date: …\r\n"
  std::string json_prefix_;  // All of a 200 application/json answer before its length.
};

// Appends "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
void AppendHttpDate(std::chrono::sys_seconds time, std::string* out);

}  // namespace chaac

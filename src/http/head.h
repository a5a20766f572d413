// ParseHead reads the complete head of an HTTP/1.x request, in which HeadScanner found no forbidden
// byte. Whatever two readers could read differently is refused (RFC 9112, request smuggling); a
// fuzzer holds that Boost.Beast's parser understands what is accepted alike. docs/adr/0012 says why
// it is not Beast that reads here. Pure: no I/O, no clock. Limits: body_bytes_max of HttpLimits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "http/handler.h"
#include "http/limits.h"

namespace chaac {

// A part of the request, as its place in it: buffers move while a body arrives.
struct TextSpan {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;

  [[nodiscard]] std::string_view In(const char* request) const { return {request + offset, size}; }
};

enum class Persistence : std::uint8_t {
  kKeepAlive,          // HTTP/1.1's default: nothing needs to be said.
  kKeepAliveExplicit,  // HTTP/1.0 asked for it: the answer must say so.
  kClose,
};
enum class BodyFraming : std::uint8_t { kContentLength, kChunked };
enum class HttpVersion : std::uint8_t { kHttp10, kHttp11 };  // 1.0 knows no chunks.

struct RequestHead {
  Method method = Method::kOther;
  Persistence persistence = Persistence::kKeepAlive;
  BodyFraming framing = BodyFraming::kContentLength;
  HttpVersion version = HttpVersion::kHttp11;
  bool expects_continue = false;
  std::uint64_t content_length = 0;  // 0 when there is no body.
  TextSpan path;
  TextSpan query;
  TextSpan content_type;
  TextSpan accept;  // Of several lines, the first; so of accept_encoding.
  TextSpan accept_encoding;
  TextSpan if_none_match;
  TextSpan idempotency_key;
  TextSpan content_encoding;  // The first that is not identity.
};

// Reads the complete head that fills `text` from `start` on. Spans of `head` count from
// text.data(). Returns what is wrong with it, if anything: 400, 413, 417 or 505. REQUIRES: a
// HeadScanner found it complete, with this start().
[[nodiscard]] std::optional<Error> ParseHead(std::string_view text, std::size_t start,
                                             const HttpLimits& limits, RequestHead* head);

}  // namespace chaac

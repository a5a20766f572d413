// The head of an HTTP/1.x request: HeadScanner finds its end and refuses forbidden bytes as they
// arrive; ParseHead reads a complete one. Boost.Beast's parser holds the grammar; on top of it
// everything is refused that two readers could read differently (RFC 9112, request smuggling).
// Pure: no I/O, no clock. Limits: head_bytes_max and target_bytes_max of HttpLimits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "http/handler.h"
#include "http/limits.h"

namespace chaac {

enum class ScanOutcome : std::uint8_t { kIncomplete, kComplete, kRefused };

// Looks at every byte once, however the head is split over reads. Refuses NUL and all other control
// bytes, bare CR, bare LF, folded lines, and targets with bytes outside visible ASCII. One empty
// line before the request line is tolerated (RFC 9112, 2.2), a second is not.
class HeadScanner {
 public:
  // Continues where the last call ended. `data` begins at the request's first byte; its first bytes
  // are those of the calls before.
  // REQUIRES: no call since the last Reset() returned anything but kIncomplete.
  ScanOutcome Scan(std::string_view data, const HttpLimits& limits);

  // kComplete: where the request line begins (an empty line may precede it), and the bytes up to
  // and including the empty line that ends the head.
  [[nodiscard]] std::size_t start() const { return start_; }
  [[nodiscard]] std::size_t end() const { return position_; }

  // kRefused: why.
  [[nodiscard]] Error RefusalOf(std::string_view data, const HttpLimits& limits) const;

  void Reset() { *this = HeadScanner(); }

 private:
  enum class State : std::uint8_t {
    kFirst,        // Before the first byte.
    kLeadingLf,    // After the CR of an empty line before the request line.
    kMethodStart,  // After that empty line.
    kMethod,       // Up to the first space.
    kTarget,       // Up to the second space.
    kVersion,      // Up to CR.
    kLf,           // After a CR.
    kLineStart,    // After CR LF.
    kLine,         // Within a header line.
    kFinalLf,      // After the CR of the empty line that ends the head.
    kComplete,
    kBadByte,     // Refused: the byte at position_.
    kTargetLong,  // Refused: target_bytes_max.
    kHeadLong,    // Refused: head_bytes_max.
  };

  State Step(char c, const HttpLimits& limits);

  State state_ = State::kFirst;
  State refused_in_ = State::kFirst;  // The state in which a byte was refused: names the fault.
  std::size_t position_ = 0;
  std::size_t start_ = 0;
  std::size_t target_start_ = 0;
};

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

// ChunkedDecoder: the body of a request with "Transfer-Encoding: chunked" (RFC 9112, 7.1), decoded
// in place. Strict: CR LF only, hexadecimal sizes only. Chunk extensions and trailers are accepted
// up to a limit and dropped. Pure; the verdict does not depend on how the bytes are split over
// calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "http/limits.h"

namespace chaac {

inline constexpr std::size_t kChunkSizeDigitsMax = 16;       // Leading zeros included.
inline constexpr std::size_t kChunkExtensionBytesMax = 256;  // Of one chunk.
inline constexpr std::size_t kTrailerBytesMax =
    std::size_t{4} * 1024;  // Of all trailer lines together.

class ChunkedDecoder {
 public:
  enum class Outcome : std::uint8_t { kIncomplete, kComplete, kRefused };

  struct Progress {
    Outcome outcome;
    std::size_t consumed;  // Encoded bytes read; fewer than `size` only in kComplete and kRefused.
    std::size_t produced;  // Bytes of body now at `out`.
  };

  // Reads `size` bytes of `in` and writes the body they hold to `out`.
  // REQUIRES: `out` <= `in` when they are in the same buffer, and no verdict was reached before.
  Progress Decode(const char* in, std::size_t size, char* out, const HttpLimits& limits);

  // kRefused: why.
  [[nodiscard]] Error Refusal(const HttpLimits& limits) const;

  void Reset() { *this = ChunkedDecoder(); }

 private:
  enum class State : std::uint8_t {
    kSizeStart,     // The first digit of a chunk's size.
    kSize,          // More digits, a ';', or the end of the line.
    kExtension,     // Up to CR.
    kSizeLf,        // The LF that ends a size line.
    kData,          // chunk_left_ bytes.
    kDataCr,        // The line end behind a chunk's data.
    kDataLf,        //
    kTrailerStart,  // The first byte of a trailer line, or of the empty line that ends the body.
    kTrailerName,   // Up to ':'.
    kTrailerValue,  // Up to CR.
    kTrailerLf,     // The LF that ends a trailer line.
    kFinalLf,       // The LF that ends the body.
    kComplete,
    kBadSize,  // From here on: refused.
    kBadExtension,
    kBadDataEnd,
    kBadTrailer,
    kBadLineEnd,
    kBodyLong,
  };

  State Step(char c, const HttpLimits& limits);
  State AddDigit(char c);
  State EndOfSizeLine(const HttpLimits& limits);

  State state_ = State::kSizeStart;
  std::size_t line_bytes_ = 0;    // Digits, extension bytes, or trailer bytes so far.
  std::uint64_t chunk_left_ = 0;  // The size while it is read, then what is missing of the data.
  std::uint64_t body_bytes_ = 0;  // Of all chunks announced so far.
};

}  // namespace chaac

// HeadScanner: finds the end of the head of an HTTP/1.x request, and refuses forbidden bytes as
// they arrive. Pure: no I/O, no clock. Limits: head_bytes_max and target_bytes_max of HttpLimits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
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

  void SkipRun(std::string_view data, const HttpLimits& limits);
  State Step(char c, const HttpLimits& limits);

  State state_ = State::kFirst;
  State refused_in_ = State::kFirst;  // The state in which a byte was refused: names the fault.
  std::size_t position_ = 0;
  std::size_t start_ = 0;
  std::size_t target_start_ = 0;
};

}  // namespace chaac

// The byte machine; through runs of ordinary bytes it is carried by PrintableRun().
#include "http/head_scanner.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "http/malformed_http.h"
#include "http/syntax.h"
#include "http/text_run.h"

namespace chaac {

ScanOutcome HeadScanner::Scan(std::string_view data, const HttpLimits& limits) {
  const std::size_t end = std::min(data.size(), limits.head_bytes_max);
  while (position_ < end) {
    SkipRun(data.substr(0, end), limits);
    if (position_ == end) break;
    const State next = Step(data[position_], limits);
    if (next >= State::kBadByte) {
      refused_in_ = state_;
      state_ = next;
      return ScanOutcome::kRefused;
    }
    state_ = next;
    ++position_;
    if (next == State::kComplete) return ScanOutcome::kComplete;
  }
  if (position_ < limits.head_bytes_max) return ScanOutcome::kIncomplete;
  state_ = State::kHeadLong;
  return ScanOutcome::kRefused;
}

// Past bytes that leave the machine in its state: nearly all of a head. And past the end of a line
// when it is there, and the byte behind it that begins another one.
void HeadScanner::SkipRun(std::string_view data, const HttpLimits& limits) {
  switch (state_) {
    case State::kTarget: {
      const std::size_t end = std::min(data.size(), target_start_ + limits.target_bytes_max);
      if (position_ < end) {
        position_ += PrintableRun<Bytes::kVisible>(data.substr(position_, end - position_));
      }
      return;
    }
    case State::kVersion:
    case State::kLine:
      do {
        position_ += PrintableRun<Bytes::kText>(data.substr(position_));
        if (data.size() - position_ < 3 || data[position_] != '\r' || data[position_ + 1] != '\n' ||
            !IsToken(data[position_ + 2])) {
          return;
        }
        position_ += 3;
        state_ = State::kLine;
      } while (true);
    default:
      return;
  }
}

HeadScanner::State HeadScanner::Step(char c, const HttpLimits& limits) {
  switch (state_) {
    case State::kFirst:
      if (c == '\r') return State::kLeadingLf;
      return IsToken(c) ? State::kMethod : State::kBadByte;
    case State::kLeadingLf:
      start_ = position_ + 1;
      return c == '\n' ? State::kMethodStart : State::kBadByte;
    case State::kMethodStart:
      return IsToken(c) ? State::kMethod : State::kBadByte;
    case State::kMethod:
      target_start_ = position_ + 1;
      if (c == ' ') return State::kTarget;
      return IsToken(c) ? State::kMethod : State::kBadByte;
    case State::kTarget:
      if (c == ' ' && position_ > target_start_) return State::kVersion;
      if (!IsVisible(c)) return State::kBadByte;
      return position_ - target_start_ < limits.target_bytes_max ? State::kTarget
                                                                 : State::kTargetLong;
    case State::kVersion:
    case State::kLine:
      if (c == '\r') return State::kLf;
      return IsText(c) ? state_ : State::kBadByte;
    case State::kLf:
      return c == '\n' ? State::kLineStart : State::kBadByte;
    case State::kLineStart:
      if (c == '\r') return State::kFinalLf;
      return IsToken(c) ? State::kLine : State::kBadByte;
    case State::kFinalLf:
      return c == '\n' ? State::kComplete : State::kBadByte;
    default:
      return State::kBadByte;  // Not reached: Scan() is not called after it returned a verdict.
  }
}

Error HeadScanner::RefusalOf(std::string_view data, const HttpLimits& limits) const {
  if (state_ == State::kHeadLong) {
    return {ErrorCode::kHeadTooLarge,
            fmt::format("The request line and headers are longer than {} bytes, which is the most "
                        "that is accepted.",
                        limits.head_bytes_max),
            {}};
  }
  if (state_ == State::kTargetLong) {
    return {ErrorCode::kUriTooLong,
            fmt::format("The request target is longer than {} bytes, which is the most that is "
                        "accepted.",
                        limits.target_bytes_max),
            {}};
  }
  const auto byte = static_cast<unsigned char>(data[position_]);
  if (byte == '\n')
    return MalformedHttp("A line of the head ends in a bare LF; it must end in CR LF.");
  switch (refused_in_) {
    case State::kLeadingLf:
    case State::kLf:
    case State::kFinalLf:
      return MalformedHttp("A CR in the head is not followed by LF; lines must end in CR LF.");
    case State::kLineStart:
      if (byte == ' ' || byte == '\t') {
        return MalformedHttp(
            "A header line begins with white space; folded lines are not accepted.");
      }
      return MalformedHttp(fmt::format("A header name begins with the byte 0x{:02x}.", byte));
    case State::kTarget:
      return MalformedHttp(
          fmt::format("The request target is empty or holds the byte 0x{:02x}; other bytes than "
                      "visible ASCII must be percent-encoded.",
                      byte));
    case State::kFirst:
    case State::kMethodStart:
    case State::kMethod:
      return MalformedHttp(
          fmt::format("The method holds the byte 0x{:02x}; a request begins like this: "
                      "GET /stats HTTP/1.1",
                      byte));
    default:
      return MalformedHttp(fmt::format("The head holds the control byte 0x{:02x}.", byte));
  }
}

}  // namespace chaac

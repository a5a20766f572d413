// One state a byte, except within a chunk's data, which moves as a block.
#include "http/chunked.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "http/malformed_http.h"
#include "http/syntax.h"

namespace chaac {

ChunkedDecoder::Progress ChunkedDecoder::Decode(const char* in, std::size_t size, char* out,
                                                const HttpLimits& limits) {
  std::size_t consumed = 0;
  std::size_t produced = 0;
  while (consumed < size) {
    if (state_ == State::kData) {
      const std::size_t n = std::min<std::size_t>(size - consumed, chunk_left_);
      std::memmove(out + produced, in + consumed, n);
      consumed += n;
      produced += n;
      chunk_left_ -= n;
      if (chunk_left_ == 0) state_ = State::kDataCr;
      continue;
    }
    state_ = Step(in[consumed], limits);
    if (state_ > State::kComplete) return {Outcome::kRefused, consumed, produced};
    ++consumed;
    if (state_ == State::kComplete) return {Outcome::kComplete, consumed, produced};
  }
  return {Outcome::kIncomplete, consumed, produced};
}

ChunkedDecoder::State ChunkedDecoder::Step(char c, const HttpLimits& limits) {
  switch (state_) {
    case State::kSizeStart:
      line_bytes_ = 0;
      chunk_left_ = 0;
      return AddDigit(c);
    case State::kSize:
      if (c == '\r') return State::kSizeLf;
      if (c != ';') return AddDigit(c);
      line_bytes_ = 0;
      return State::kExtension;
    case State::kExtension:
      if (c == '\r') return State::kSizeLf;
      if (!IsText(c) || ++line_bytes_ > kChunkExtensionBytesMax) return State::kBadExtension;
      return State::kExtension;
    case State::kSizeLf:
      return c == '\n' ? EndOfSizeLine(limits) : State::kBadLineEnd;
    case State::kDataCr:
      return c == '\r' ? State::kDataLf : State::kBadDataEnd;
    case State::kDataLf:
      return c == '\n' ? State::kSizeStart : State::kBadLineEnd;
    case State::kTrailerStart:
      if (c == '\r') return State::kFinalLf;
      [[fallthrough]];
    case State::kTrailerName:
      if (++line_bytes_ > kTrailerBytesMax) return State::kBadTrailer;
      if (c == ':' && state_ == State::kTrailerName) return State::kTrailerValue;
      return IsToken(c) ? State::kTrailerName : State::kBadTrailer;
    case State::kTrailerValue:
      if (c == '\r') return State::kTrailerLf;
      if (!IsText(c) || ++line_bytes_ > kTrailerBytesMax) return State::kBadTrailer;
      return State::kTrailerValue;
    case State::kTrailerLf:
      return c == '\n' ? State::kTrailerStart : State::kBadLineEnd;
    case State::kFinalLf:
      return c == '\n' ? State::kComplete : State::kBadLineEnd;
    default:
      return State::kBadLineEnd;  // Not reached: Decode() is not called after a verdict.
  }
}

ChunkedDecoder::State ChunkedDecoder::AddDigit(char c) {
  const int digit = HexDigitOf(c);
  if (digit < 0 || ++line_bytes_ > kChunkSizeDigitsMax) return State::kBadSize;
  chunk_left_ = chunk_left_ << 4 | static_cast<unsigned>(digit);
  return State::kSize;
}

ChunkedDecoder::State ChunkedDecoder::EndOfSizeLine(const HttpLimits& limits) {
  line_bytes_ = 0;
  if (chunk_left_ == 0) return State::kTrailerStart;
  // REQUIRES of the subtraction: body_bytes_ never passed the limit.
  if (chunk_left_ > limits.body_bytes_max - body_bytes_) return State::kBodyLong;
  body_bytes_ += chunk_left_;
  return State::kData;
}

Error ChunkedDecoder::Refusal(const HttpLimits& limits) const {
  switch (state_) {
    case State::kBodyLong:
      return {ErrorCode::kBodyTooLarge,
              fmt::format("The chunked body is longer than {} bytes, which is the most that is "
                          "accepted.",
                          limits.body_bytes_max),
              {}};
    case State::kBadSize:
      return MalformedHttp(
          fmt::format("A chunk size is not 1 to {} hexadecimal digits.", kChunkSizeDigitsMax));
    case State::kBadExtension:
      return MalformedHttp(
          fmt::format("A chunk extension holds a control byte or is longer than {} bytes.",
                      kChunkExtensionBytesMax));
    case State::kBadDataEnd:
      return MalformedHttp(
          "A chunk is longer than its size says: CR LF is missing behind its data.");
    case State::kBadTrailer:
      return MalformedHttp(
          fmt::format("A trailer is not 'name: value', or the trailers are longer than {} bytes.",
                      kTrailerBytesMax));
    default:
      return MalformedHttp("A line of the chunked body does not end in CR LF.");
  }
}

}  // namespace chaac

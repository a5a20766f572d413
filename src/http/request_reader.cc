// Head first, then body; the state between calls is what was found so far, never a copy of bytes.
#include "http/request_reader.h"

#include <optional>
#include <utility>

namespace chaac {

RequestReader::Progress RequestReader::Read(char* request, std::size_t size,
                                            const HttpLimits& limits, Error* refusal) {
  if (head_bytes_ == 0) {
    const std::string_view text(request, size);
    switch (scanner_.Scan(text, limits)) {
      case ScanOutcome::kIncomplete:
        return {Outcome::kIncomplete, size};
      case ScanOutcome::kRefused:
        *refusal = scanner_.RefusalOf(text, limits);
        return {Outcome::kRefused, size};
      case ScanOutcome::kComplete:
        break;
    }
    std::optional<Error> fault =
        ParseHead(text.substr(0, scanner_.end()), scanner_.start(), limits, &head_);
    if (fault.has_value()) {
      *refusal = std::move(*fault);
      return {Outcome::kRefused, size};
    }
    head_bytes_ = scanner_.end();
  }
  const Progress progress = ReadBody(request, size, limits, refusal);
  awaits_continue_ =
      head_.expects_continue && progress.outcome == Outcome::kIncomplete && size == head_bytes_;
  // A body that has begun to arrive waits for nothing any more.
  if (size > head_bytes_) head_.expects_continue = false;
  return progress;
}

RequestReader::Progress RequestReader::ReadBody(char* request, std::size_t size,
                                                const HttpLimits& limits, Error* refusal) {
  if (head_.framing == BodyFraming::kContentLength) {
    if (size - head_bytes_ < head_.content_length) return {Outcome::kIncomplete, size};
    body_bytes_ = head_.content_length;
    return {Outcome::kComplete, head_bytes_ + body_bytes_};
  }
  const std::size_t decoded = head_bytes_ + body_bytes_;
  char* const encoded = request + decoded;
  const auto progress = chunks_.Decode(encoded, size - decoded, encoded, limits);
  body_bytes_ += progress.produced;
  switch (progress.outcome) {
    case ChunkedDecoder::Outcome::kIncomplete:
      return {Outcome::kIncomplete, head_bytes_ + body_bytes_};
    case ChunkedDecoder::Outcome::kComplete:
      return {Outcome::kComplete, decoded + progress.consumed};
    case ChunkedDecoder::Outcome::kRefused:
      break;
  }
  *refusal = chunks_.Refusal(limits);
  return {Outcome::kRefused, size};
}

void RequestReader::Reset() { *this = RequestReader(); }

}  // namespace chaac

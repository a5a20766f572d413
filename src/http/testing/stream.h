// Reads a stream of bytes as a connection does, cut at any places. For tests and the fuzzer, which
// compare the verdicts on one stream cut differently.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_reader.h"

namespace chaac::testing {

struct StreamRequest {
  Method method;
  Persistence persistence;
  std::string path;
  std::string query;
  std::string body;
  std::string content_type;
  std::string idempotency_key;

  bool operator==(const StreamRequest&) const = default;
};

struct StreamVerdict {
  std::vector<StreamRequest> requests;
  std::optional<ErrorCode> refused;
  std::string detail;    // Of the refusal.
  bool partial = false;  // The stream ended within a request.

  bool operator==(const StreamVerdict&) const = default;
};

// `stream` arrives in pieces of `piece_bytes` bytes; the first piece has `first_bytes`.
inline StreamVerdict ReadStream(std::string_view stream, const HttpLimits& limits,
                                std::size_t first_bytes, std::size_t piece_bytes) {
  StreamVerdict verdict;
  RequestReader reader;
  std::vector<char> buffer;  // Exactly as large as its bytes, so that sanitizers see every overrun.
  std::size_t arrived = 0;
  while (arrived < stream.size()) {
    const std::string_view piece = stream.substr(arrived, arrived == 0 ? first_bytes : piece_bytes);
    arrived += piece.size();
    std::vector<char> larger(buffer);
    larger.insert(larger.end(), piece.begin(), piece.end());
    larger.shrink_to_fit();
    buffer.swap(larger);
    while (!buffer.empty()) {
      Error refusal{};
      const auto progress = reader.Read(buffer.data(), buffer.size(), limits, &refusal);
      if (progress.outcome == RequestReader::Outcome::kRefused) {
        verdict.refused = refusal.code;
        verdict.detail = refusal.detail;
        return verdict;
      }
      if (progress.outcome == RequestReader::Outcome::kIncomplete) {
        buffer.resize(progress.size);
        break;
      }
      const RequestHead& head = reader.head();
      const char* const request = buffer.data();
      verdict.requests.push_back(
          {.method = head.method,
           .persistence = head.persistence,
           .path = std::string(head.path.In(request)),
           .query = std::string(head.query.In(request)),
           .body = std::string(reader.Body(request)),
           .content_type = std::string(head.content_type.In(request)),
           .idempotency_key = std::string(head.idempotency_key.In(request))});
      buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(progress.size));
      reader.Reset();
    }
  }
  verdict.partial = !buffer.empty();
  return verdict;
}

inline StreamVerdict ReadWhole(std::string_view stream, const HttpLimits& limits) {
  return ReadStream(stream, limits, stream.size(), 1);
}

}  // namespace chaac::testing

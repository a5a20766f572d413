// Fuzzes the reading of requests. Property: what is understood of a stream, or why it is refused,
// does not depend on how its bytes are cut; a request that was understood holds no forbidden byte,
// and Boost.Beast's parser understands its head alike.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/head.h"
#include "http/head_scanner.h"
#include "http/syntax.h"
#include "http/testing/beast_head.h"
#include "http/testing/stream.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckRequests(const chaac::testing::StreamVerdict& verdict, const chaac::HttpLimits& limits) {
  for (const auto& request : verdict.requests) {
    Require(request.path.starts_with('/') || request.path == "*");
    Require(std::all_of(request.path.begin(), request.path.end(), chaac::IsVisible));
    Require(std::all_of(request.query.begin(), request.query.end(), chaac::IsVisible));
    Require(
        std::all_of(request.idempotency_key.begin(), request.idempotency_key.end(), chaac::IsText));
    Require(request.path.size() + request.query.size() <= limits.target_bytes_max);
    Require(request.body.size() <= limits.body_bytes_max);
  }
}

// What Beast refuses, or reads differently, is refused here.
void CheckFirstHead(std::string_view stream, const chaac::HttpLimits& limits) {
  chaac::HeadScanner scanner;
  if (scanner.Scan(stream, limits) != chaac::ScanOutcome::kComplete) return;
  const std::string_view text = stream.substr(0, scanner.end());
  chaac::RequestHead head;
  if (chaac::ParseHead(text, scanner.start(), limits, &head).has_value()) return;
  Require(chaac::testing::BeastHead(text.substr(scanner.start())).Agrees(head, text.data()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  // The first two bytes choose a cut; the rest is the stream. Small limits are reached soon.
  const std::size_t first_bytes = 1 + data[0];
  const std::size_t piece_bytes = 1 + data[1];
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  const chaac::HttpLimits limits{
      .head_bytes_max = 512, .target_bytes_max = 64, .body_bytes_max = 256};
  const auto whole = chaac::testing::ReadWhole(stream, limits);
  CheckRequests(whole, limits);
  CheckFirstHead(stream, limits);
  Require(chaac::testing::ReadStream(stream, limits, 1, 1) == whole);
  Require(chaac::testing::ReadStream(stream, limits, first_bytes, piece_bytes) == whole);
  return 0;
}

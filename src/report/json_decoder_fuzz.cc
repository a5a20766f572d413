// Any body in any format, with any key: nothing crashes, what is accepted keeps its promises, and
// decoding it again gives the same. The first byte selects the format, the second how many of the
// next bytes are the Idempotency-Key.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "report/client_id.h"
#include "report/decoder_testing.h"
#include "report/fold.h"
#include "report/malformed_json.h"
#include "report/text.h"

namespace chaac {
namespace {

// Stops the fuzzer, which keeps the input.
void Require(bool holds) {
  if (!holds) std::abort();
}

// What the client is told can be sent as JSON.
void RequireSendable(const Error& error) {
  Require(!error.detail.empty());
  for (std::string_view rest = error.detail; !rest.empty();) {
    const std::optional<char32_t> code_point = TakeCodePoint(&rest);
    Require(code_point && *code_point >= 0x20);
  }
}

void RequireValid(const DecoderFixture& fixture, std::string_view body) {
  const Decoded& out = fixture.out;
  const DecoderLimits limits;
  Require(out.reports.size() == out.row_index.size());
  const std::size_t rows = out.reports.size() + out.rejections.size() + out.repeats.size();
  Require(rows > 0 && rows <= limits.rows_max && rows <= body.size());
  Require(out.is_batch || (out.reports.size() == 1 && rows == 1));
  std::set<std::string_view> ids;
  for (const Report& report : out.reports) {
    Require(report.municipality < fixture.municipalities.size());
    Require(IsSlug(fixture.municipalities.Slug(report.municipality)));
    Require(report.condition == kNoCondition ||
            report.condition < fixture.conditions.slugs().size());
    Require(report.temperature_celsius || report.humidity_percent ||
            report.condition != kNoCondition);
    const double celsius = report.temperature_celsius.value_or(0);
    const double percent = report.humidity_percent.value_or(0);
    Require(celsius >= kTemperatureCelsiusMin && celsius <= kTemperatureCelsiusMax);
    Require(percent >= kHumidityPercentMin && percent <= kHumidityPercentMax);
    if (report.observed_at_ms != 0) {
      const WallTime observed_at{std::chrono::milliseconds{report.observed_at_ms}};
      Require(observed_at >= fixture.now - limits.id_window);
      Require(observed_at <= fixture.now + limits.clock_tolerance);
    }
    if (report.client_id.empty()) continue;
    Require(CheckClientId("id", report.client_id, limits.id_bytes_max).has_value());
    Require(ids.insert(report.client_id).second);
  }
  std::int64_t last_row = -1;
  for (const std::uint32_t row : out.row_index) {
    Require(row > last_row);
    last_row = row;
  }
  last_row = -1;
  for (const RowRejection& rejection : out.rejections) {
    Require(rejection.index > last_row);
    last_row = rejection.index;
    RequireSendable(rejection.error);
  }
}

// Everything the outside sees of a decoded body, as text.
std::string Describe(const Result<void>& decoded, const Decoded& out) {
  std::string text = decoded ? "" : decoded.error().detail;
  for (const Report& report : out.reports) {
    text += std::to_string(report.municipality) + ' ' + std::to_string(report.condition) + ' ' +
            std::to_string(report.temperature_celsius.value_or(-99)) + ' ' +
            std::to_string(report.humidity_percent.value_or(-99)) + ' ' +
            std::to_string(report.observed_at_ms) + ' ' + std::to_string(report.digest) + ' ' +
            std::string(report.client_id) + '\n';
  }
  for (const RowRejection& rejection : out.rejections) text += rejection.error.detail + '\n';
  return text + std::to_string(out.repeats.size());
}

}  // namespace
}  // namespace chaac

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chaac;
  if (size < 2) return 0;
  static DecoderFixture fixture;
  std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const BodyFormat format = (data[0] & 1) != 0 ? BodyFormat::kNdjson : BodyFormat::kJson;
  const std::string_view key = body.substr(0, data[1]);
  body.remove_prefix(key.size());

  const Result<void> decoded = fixture.Decode(body, format, key);
  const std::string description = Describe(decoded, fixture.out);
  if (decoded) {
    RequireValid(fixture, body);
  } else {
    Require(fixture.out.reports.empty());
    RequireSendable(decoded.error());
    const bool may_underflow = body.find("e-") != body.npos || body.find("E-") != body.npos;
    Require(may_underflow || decoded.error().detail != kUnexplainedJson);
  }
  const Result<void> again = fixture.Decode(body, format, key);
  Require(Describe(again, fixture.out) == description);
  return 0;
}

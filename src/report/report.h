// Report: one validated weather report, as the rest of the server handles it. Plain values; strings
// are views into the Decoded that holds the report. Thread-compatible.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace chaac {

using MunicipalityIndex = std::uint16_t;  // Position in the loop's Municipalities.
using ConditionIndex = std::uint8_t;      // Position in Conditions.
inline constexpr ConditionIndex kNoCondition = 0xFF;

// Beyond every record on Earth (-89.2 and 56.7 °C); a value outside is a fault of the sensor.
inline constexpr double kTemperatureCelsiusMin = -90;
inline constexpr double kTemperatureCelsiusMax = 60;
inline constexpr double kHumidityPercentMin = 0;
inline constexpr double kHumidityPercentMax = 100;

struct Report {
  MunicipalityIndex municipality = 0;
  ConditionIndex condition = kNoCondition;
  std::optional<double> temperature_celsius;  // Within the range above; never -0.
  std::optional<double> humidity_percent;     // Likewise.
  std::int64_t observed_at_ms = 0;            // Unix, milliseconds; 0: not given.
  std::string_view client_id;                 // Empty: the server gives the id.
  std::uint64_t digest = 0;  // Of all of the above but the id; set when client_id is set.
};

// A row of a batch that was refused, while others may be accepted.
struct RowRejection {
  std::uint32_t index = 0;  // Position in the batch as sent, from 0.
  Error error;              // Its `allowed` is kept for the batch's first rejection alone.
};

// A row equal, id and all, to an earlier row of its batch, whose fate it shares.
struct RowRepeat {
  std::uint32_t index = 0;  // Positions in the batch as sent, from 0.
  std::uint32_t of = 0;
};

// One request's reports. Reused from request to request, so that memory is kept.
struct Decoded {
  bool is_batch = false;                 // An array or NDJSON; else one object.
  std::vector<Report> reports;           // The valid rows, in order, each to be committed once.
  std::vector<std::uint32_t> row_index;  // For each report its position in the batch as sent.
  std::vector<RowRejection> rejections;  // In order of index.
  std::vector<RowRepeat> repeats;        // In order of index.
  std::string ids;                       // Owns the bytes that Report::client_id views.

  Decoded() = default;
  Decoded(const Decoded&) = delete;  // The copy's reports would view the original's ids.
  Decoded& operator=(const Decoded&) = delete;

  void Clear() {
    is_batch = false;
    reports.clear();
    row_index.clear();
    rejections.clear();
    repeats.clear();
    ids.clear();
  }
};

}  // namespace chaac

// History: the minutes of a municipality's series, merged to steps: count, mean, min and max are
// those of all the reports in a step, as if they were computed from these. Pure; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "query/totals.h"

namespace chaac {

inline constexpr std::int64_t kMinuteS = 60;
inline constexpr std::int64_t kHourMinutes = 60;
inline constexpr std::int64_t kDayMinutes = 24 * kHourMinutes;
inline constexpr std::int64_t kHistoryStepMinutesMax = kDayMinutes;
inline constexpr std::int64_t kHistoryPointsMax = 1'500;  // Of one answer: 200 KiB of JSON.
// Bounds the keys that one question reads, one an hour, when they are kept longer than usual.
inline constexpr std::int64_t kHistoryWindowMinutesMax = 31 * kDayMinutes;

// Which minutes are asked for, and how they are merged. A minute belongs to the window if it begins
// within it; steps begin at multiples of their length since 1970, so the first and the last may be
// there in part.
struct HistoryWindow {
  std::int64_t from_minute = 0;  // Unix time in minutes; inclusive.
  std::int64_t to_minute = 0;    // Exclusive.
  std::int64_t step_minutes = 1;

  [[nodiscard]] std::int64_t FirstStep() const;
  // As many as there may be points.
  [[nodiscard]] std::int64_t StepCount() const;

  bool operator==(const HistoryWindow&) const = default;
};

// As a client wrote them.
struct HistoryParameters {
  std::optional<std::string_view> from;
  std::optional<std::string_view> to;
  std::optional<std::string_view> step;
};

// Without parameters the last hour, the current minute included. Errors: kInvalidParameter.
[[nodiscard]] Result<HistoryWindow> ParseHistoryWindow(const HistoryParameters& parameters,
                                                       WallTime now);

struct Bucket {
  std::uint64_t count = 0;
  MeasurementTotals temperature;  // °C
  MeasurementTotals humidity;     // %

  void Merge(const Bucket& other);
};

// A minute as the series holds it: "count", and "samples sum min max" of temperature and of
// humidity. Nothing when `text` is not of that form.
[[nodiscard]] std::optional<Bucket> ParseBucket(std::string_view text);

class History {
 public:
  // REQUIRES: as ParseHistoryWindow() makes them.
  explicit History(const HistoryWindow& window);

  // In any order. A minute outside of the window is ignored.
  void Add(std::int64_t minute, const Bucket& bucket);

  // All steps of the window, those without reports too, from its first on.
  [[nodiscard]] const std::vector<Bucket>& steps() const { return steps_; }

  // {"municipality":…,"from":…,"to":…,"step":…,"points":[…]}; steps without reports are left out.
  [[nodiscard]] std::string Json(std::string_view municipality) const;
  // A line a point, each ending in CRLF, under kHistoryCsvHeader.
  [[nodiscard]] std::string CsvRows(std::string_view municipality) const;

 private:
  HistoryWindow window_;
  std::vector<Bucket> steps_;  // From window_.FirstStep() on.
};

inline constexpr std::string_view kHistoryCsvHeader =
    "municipality,at,count,temperature_mean,temperature_min,temperature_max,humidity_mean,"
    "humidity_min,humidity_max\r\n";

}  // namespace chaac

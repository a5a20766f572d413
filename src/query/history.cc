// Windows, minutes, steps, and their text.
#include "query/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

#include "query/json_figures.h"
#include "query/numbers.h"
#include "report/rfc3339.h"
#include "report/text.h"

namespace chaac {
namespace {

constexpr std::int64_t kDefaultMinutes = kHourMinutes;
constexpr std::size_t kBucketWords = 9;
constexpr std::int64_t kMinuteMax = 4'223'371'679;  // 9999-12-31T23:59: years of four digits.

std::int64_t FloorDivide(std::int64_t dividend, std::int64_t divisor) {
  return (dividend >= 0 ? dividend : dividend - (divisor - 1)) / divisor;
}

// The first minute that begins at `time` or later.
std::int64_t MinuteFrom(WallTime time) {
  return std::chrono::ceil<std::chrono::minutes>(time).time_since_epoch().count();
}

std::string TextOfMinute(std::int64_t minute) {
  return FormatRfc3339(WallTime(std::chrono::minutes(minute)));
}

tl::unexpected<Error> Invalid(std::string detail, std::string allowed) {
  return Fail(ErrorCode::kInvalidParameter, std::move(detail), {std::move(allowed)});
}

Result<std::int64_t> ParseTime(std::string_view name, std::string_view text) {
  const std::optional<WallTime> time = ParseRfc3339(text);
  if (!time) {
    return Invalid(fmt::format("{} {} is not a time stamp as in RFC 3339; write it as "
                               "2026-07-01T12:30:00Z, or with an offset as -06:00",
                               name, Quote(text)),
                   "an RFC 3339 time stamp");
  }
  const std::int64_t minute = MinuteFrom(*time);
  if (minute >= 0 && minute <= kMinuteMax) return minute;
  return Invalid(fmt::format("{} {} is not within the years 1970 to 9999", name, Quote(text)),
                 fmt::format("{}..{}", TextOfMinute(0), TextOfMinute(kMinuteMax)));
}

Result<std::int64_t> ParseStep(std::string_view text) {
  constexpr std::int64_t kMax = kHistoryStepMinutesMax * kMinuteS;
  const auto step = NumberFrom<std::int64_t>(text);
  if (step && *step >= kMinuteS && *step <= kMax && *step % kMinuteS == 0) return *step / kMinuteS;
  return Invalid(fmt::format("step {} is not allowed: it is a number of seconds from {} to {}, a "
                             "multiple of {}",
                             Quote(text), kMinuteS, kMax, kMinuteS),
                 fmt::format("{}..{}, a multiple of {}", kMinuteS, kMax, kMinuteS));
}

// Errors when the window asks for too much.
Result<HistoryWindow> Bounded(HistoryWindow window) {
  const std::int64_t minutes = window.to_minute - window.from_minute;
  if (minutes < 0) {
    return Invalid(fmt::format("from {} is after to {}", TextOfMinute(window.from_minute),
                               TextOfMinute(window.to_minute)),
                   fmt::format("from up to {}", TextOfMinute(window.to_minute)));
  }
  if (minutes > kHistoryWindowMinutesMax) {
    return Invalid(fmt::format("from {} to {} is too much to ask for at once: at most {} days",
                               TextOfMinute(window.from_minute), TextOfMinute(window.to_minute),
                               kHistoryWindowMinutesMax / kDayMinutes),
                   fmt::format("from {} or later, with this to",
                               TextOfMinute(window.to_minute - kHistoryWindowMinutesMax)));
  }
  if (window.StepCount() <= kHistoryPointsMax) return window;
  const std::int64_t points = window.StepCount();
  const std::int64_t step_s = window.step_minutes * kMinuteS;
  while (window.StepCount() > kHistoryPointsMax) ++window.step_minutes;
  return Invalid(fmt::format("step {} makes {} points of this window; at most {} are answered",
                             step_s, points, kHistoryPointsMax),
                 fmt::format("step {}..{}, a multiple of {}", window.step_minutes * kMinuteS,
                             kHistoryStepMinutesMax * kMinuteS, kMinuteS));
}

std::optional<MeasurementTotals> ParseMeasurement(const std::string_view* words) {
  const auto samples = NumberFrom<std::uint64_t>(words[0]);
  const auto sum = NumberFrom<double>(words[1]);
  if (!samples || !sum) return std::nullopt;
  MeasurementTotals totals{.sum = *sum, .samples = *samples, .extremes = {}};
  if (totals.samples == 0) return totals;  // Its extremes are "-".
  totals.extremes = {.low = NumberFrom<double>(words[2]), .high = NumberFrom<double>(words[3])};
  if (!totals.extremes.low || !totals.extremes.high) return std::nullopt;
  return totals;
}

void MergeMeasurement(const MeasurementTotals& from, MeasurementTotals* to) {
  to->sum += from.sum;
  to->samples += from.samples;
  to->extremes.Widen(from.extremes);
}

// {"mean":20.5,"min":19,"max":22}, or null.
void AppendMeasurement(const MeasurementTotals& totals, std::string* out) {
  if (totals.samples == 0) {
    out->append("null");
    return;
  }
  out->append(R"({"mean":)");
  AppendMean(totals, out);
  out->append(R"(,"min":)");
  AppendNumberOrNull(totals.extremes.low, out);
  out->append(R"(,"max":)");
  AppendNumberOrNull(totals.extremes.high, out);
  out->push_back('}');
}

// ",20.5,19,22", or three empty cells.
void AppendCells(const MeasurementTotals& totals, std::string* out) {
  if (totals.samples == 0) {
    out->append(",,,");
    return;
  }
  out->push_back(',');
  AppendMean(totals, out);
  out->push_back(',');
  AppendNumberOrNull(totals.extremes.low, out);
  out->push_back(',');
  AppendNumberOrNull(totals.extremes.high, out);
}

}  // namespace

std::int64_t HistoryWindow::FirstStep() const { return FloorDivide(from_minute, step_minutes); }

std::int64_t HistoryWindow::StepCount() const {
  if (from_minute == to_minute) return 0;
  return FloorDivide(to_minute - 1, step_minutes) - FirstStep() + 1;
}

Result<HistoryWindow> ParseHistoryWindow(const HistoryParameters& parameters, WallTime now) {
  const auto step = parameters.step ? ParseStep(*parameters.step) : Result<std::int64_t>(1);
  if (!step) return tl::unexpected(step.error());
  const auto to = parameters.to ? ParseTime("to", *parameters.to)
                                : Result<std::int64_t>(MinuteFrom(now + WallTime::duration(1)));
  if (!to) return tl::unexpected(to.error());
  const auto from = parameters.from ? ParseTime("from", *parameters.from)
                                    : Result<std::int64_t>(*to - kDefaultMinutes);
  if (!from) return tl::unexpected(from.error());
  return Bounded({.from_minute = *from, .to_minute = *to, .step_minutes = *step});
}

void Bucket::Merge(const Bucket& other) {
  count += other.count;
  MergeMeasurement(other.temperature, &temperature);
  MergeMeasurement(other.humidity, &humidity);
}

std::optional<Bucket> ParseBucket(std::string_view text) {
  std::array<std::string_view, kBucketWords> words;
  for (std::size_t i = 0; i < kBucketWords; ++i) {
    const std::size_t end = text.find(' ');
    if ((end == std::string_view::npos) != (i + 1 == kBucketWords)) return std::nullopt;
    words[i] = text.substr(0, end);
    text.remove_prefix(i + 1 == kBucketWords ? text.size() : end + 1);
  }
  const auto count = NumberFrom<std::uint64_t>(words[0]);
  const auto temperature = ParseMeasurement(&words[1]);
  const auto humidity = ParseMeasurement(&words[5]);
  if (!count || !temperature || !humidity) return std::nullopt;
  return Bucket{.count = *count, .temperature = *temperature, .humidity = *humidity};
}

History::History(const HistoryWindow& window)
    : window_(window), steps_(static_cast<std::size_t>(window.StepCount())) {}

void History::Add(std::int64_t minute, const Bucket& bucket) {
  if (minute < window_.from_minute || minute >= window_.to_minute) return;
  const std::int64_t step = FloorDivide(minute, window_.step_minutes) - window_.FirstStep();
  steps_[static_cast<std::size_t>(step)].Merge(bucket);
}

std::string History::Json(std::string_view municipality) const {
  std::string text =
      fmt::format(FMT_STRING(R"({{"municipality":"{}","from":"{}","to":"{}","step":{},"points":[)"),
                  municipality, TextOfMinute(window_.from_minute), TextOfMinute(window_.to_minute),
                  window_.step_minutes * kMinuteS);
  std::int64_t minute = window_.FirstStep() * window_.step_minutes;
  for (const Bucket& step : steps_) {
    if (step.count != 0) {
      if (text.back() != '[') text.push_back(',');
      fmt::format_to(std::back_inserter(text),
                     FMT_STRING(R"({{"at":"{}","count":{},"temperature":)"), TextOfMinute(minute),
                     step.count);
      AppendMeasurement(step.temperature, &text);
      text.append(R"(,"humidity":)");
      AppendMeasurement(step.humidity, &text);
      text.push_back('}');
    }
    minute += window_.step_minutes;
  }
  return text.append("]}");
}

std::string History::CsvRows(std::string_view municipality) const {
  std::string text;
  std::int64_t minute = window_.FirstStep() * window_.step_minutes;
  for (const Bucket& step : steps_) {
    if (step.count != 0) {
      fmt::format_to(std::back_inserter(text), FMT_STRING("{},{},{}"), municipality,
                     TextOfMinute(minute), step.count);
      AppendCells(step.temperature, &text);
      AppendCells(step.humidity, &text);
      text.append("\r\n");
    }
    minute += window_.step_minutes;
  }
  return text;
}

}  // namespace chaac

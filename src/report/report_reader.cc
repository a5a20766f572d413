// ReportReader: collects the fields of an object, then checks them one by one.
#include "report/report_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "report/client_id.h"
#include "report/rfc3339.h"
#include "report/text.h"

namespace chaac {
namespace {

using simdjson::dom::element;

tl::unexpected<Error> WrongKind(std::string_view field, std::string_view wanted, element value) {
  return Fail(ErrorCode::kInvalidReport,
              fmt::format("{} must be {}, not {}", field, wanted, KindOf(value)));
}

tl::unexpected<Error> RepeatedKey(std::string_view key) {
  return Fail(ErrorCode::kMalformedJson, fmt::format("the key {} is given twice", Quote(key)));
}

// What a numeric field may hold.
struct Range {
  std::string_view field;
  std::string_view unit;
  double min;
  double max;
};
constexpr Range kTemperatureRange = {"temperature", "°C", kTemperatureCelsiusMin,
                                     kTemperatureCelsiusMax};
constexpr Range kHumidityRange = {"humidity", "%", kHumidityPercentMin, kHumidityPercentMax};

Result<double> ReadNumber(element value, const Range& range) {
  double found = 0;
  if (value.get(found) != simdjson::SUCCESS) {
    return WrongKind(range.field, "a number such as 21.5", value);
  }
  if (found < range.min || found > range.max) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("{} {} is out of range; {}..{} {} is allowed", range.field, found,
                            range.min, range.max, range.unit),
                {fmt::format("{}..{}", range.min, range.max)});
  }
  return found + 0.0;  // -0 + 0 is 0: the store and the digest see one zero.
  return {};
}

}  // namespace

std::string_view KindOf(element value) {
  switch (value.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "an array";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::STRING:
      return "a string";
    case simdjson::dom::element_type::BOOL:
      return "a boolean";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

ReportReader::ReportReader(Municipalities* municipalities, const Conditions* conditions,
                           const DecoderLimits& limits)
    : municipalities_(municipalities), conditions_(conditions), limits_(limits) {
  unknown_keys_.reserve(limits_.fields_max);
}

Result<void> ReportReader::Read(simdjson::dom::object object, WallTime now, Hints hints,
                                Report* report, std::string_view* id) {
  *report = {};
  *id = {};
  Fields fields;
  if (Result<void> collected = Collect(object, &fields); !collected) return collected;
  const auto& [municipality, temperature, humidity, weather, own_id, observed_at] = fields;
  if (!municipality) return Fail(ErrorCode::kInvalidReport, "municipality is missing");
  if (!temperature && !humidity && !weather) {
    return Fail(ErrorCode::kInvalidReport,
                "at least one of temperature, humidity and weather must be given");
  }
  if (temperature) {
    const Result<double> celsius = ReadNumber(*temperature, kTemperatureRange);
    if (!celsius) return tl::unexpected(celsius.error());
    report->temperature_celsius = *celsius;
  }
  if (humidity) {
    const Result<double> percent = ReadNumber(*humidity, kHumidityRange);
    if (!percent) return tl::unexpected(percent.error());
    report->humidity_percent = *percent;
  }
  if (weather) {
    const Result<ConditionIndex> condition = ReadWeather(*weather);
    if (!condition) return tl::unexpected(condition.error());
    report->condition = *condition;
  }
  if (own_id) {
    const Result<std::string_view> client_id = ReadId(*own_id);
    if (!client_id) return tl::unexpected(client_id.error());
    *id = *client_id;
  }
  if (observed_at) {
    const Result<WallTime> time = ReadObservedAt(*observed_at, now);
    if (!time) return tl::unexpected(time.error());
    report->observed_at_ms = time->time_since_epoch().count();
  }
  const Result<MunicipalityIndex> index = ReadMunicipality(*municipality, hints);
  if (!index) return tl::unexpected(index.error());
  report->municipality = *index;
  return {};
}

ReportReader::Field ReportReader::FieldOf(std::string_view key) {
  switch (key.size()) {
    case 2:
      return key == "id" ? kId : kFieldCount;
    case 7:
      return key == "weather" ? kWeather : kFieldCount;
    case 8:
      return key == "humidity" ? kHumidity : kFieldCount;
    case 11:
      if (key == "temperature") return kTemperature;
      return key == "observed_at" ? kObservedAt : kFieldCount;
    case 12:
      return key == "municipality" ? kMunicipality : kFieldCount;
    default:
      return kFieldCount;
  }
}

Result<void> ReportReader::Collect(simdjson::dom::object object, Fields* fields) {
  unknown_keys_.clear();
  std::size_t count = 0;
  const auto end = object.end();
  for (auto next = object.begin(); next != end; ++next) {
    if (++count > limits_.fields_max) {
      return Fail(ErrorCode::kInvalidReport,
                  fmt::format("a report has at most {} fields", limits_.fields_max));
    }
    const std::string_view key = next.key();
    const Field field = FieldOf(key);
    if (field == kFieldCount) {
      if (std::find(unknown_keys_.begin(), unknown_keys_.end(), key) != unknown_keys_.end()) {
        return RepeatedKey(key);
      }
      unknown_keys_.push_back(key);
      continue;
    }
    std::optional<element>& value = (*fields)[field];
    if (value) return RepeatedKey(key);
    value = next.value();
  }
  return {};
}

Result<ConditionIndex> ReportReader::ReadWeather(element value) const {
  std::string_view name;
  if (value.get(name) == simdjson::SUCCESS) return conditions_->Resolve(name);
  std::int64_t number = 0;
  if (value.get(number) == simdjson::SUCCESS) return conditions_->ResolveNumber(number);
  return WrongKind("weather", "a string such as \"sunny\", or an integer 1..4", value);
}

Result<std::string_view> ReportReader::ReadId(element value) const {
  std::string_view id;
  if (value.get(id) != simdjson::SUCCESS) return WrongKind("id", "a string", value);
  const Result<void> checked = CheckClientId("id", id, limits_.id_bytes_max);
  if (!checked) return tl::unexpected(checked.error());
  return id;
}

Result<WallTime> ReportReader::ReadObservedAt(element value, WallTime now) const {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) {
    return WrongKind("observed_at", "a string such as \"2026-07-01T12:30:00-06:00\"", value);
  }
  const std::optional<WallTime> observed_at = ParseRfc3339(text);
  if (!observed_at) {
    return Fail(ErrorCode::kInvalidReport,
                fmt::format("observed_at {} is not an RFC 3339 time such as "
                            "2026-07-01T12:30:00-06:00",
                            Quote(text)));
  }
  const WallTime first = now - limits_.id_window;
  const WallTime last = now + limits_.clock_tolerance;
  if (*observed_at < first || *observed_at > last) {
    const std::string_view fault =
        *observed_at < first ? "too old to tell a repeat from a new report" : "in the future";
    const std::string allowed = FormatRfc3339(first) + ".." + FormatRfc3339(last);
    return Fail(ErrorCode::kObservedAtOutOfWindow,
                fmt::format("observed_at {} is {}; {} is allowed now", Quote(text), fault, allowed),
                {allowed});
  }
  return *observed_at;
}

Result<MunicipalityIndex> ReportReader::ReadMunicipality(element value, Hints hints) {
  std::string_view name;
  if (value.get(name) == simdjson::SUCCESS) return municipalities_->Resolve(name, hints);
  std::int64_t number = 0;
  if (value.get(number) == simdjson::SUCCESS) return municipalities_->ResolveNumber(number);
  return WrongKind("municipality", "a string such as \"chinautla\", or an integer 1..4", value);
}

}  // namespace chaac

// ReportReader: one JSON object, already parsed, to one validated report. Not thread-safe: its
// Decoder owns it. Keeps its memory from report to report.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "report/conditions.h"
#include "report/decoder.h"
#include "report/municipalities.h"
#include "report/report.h"

namespace chaac {

// What a field that is not the kind of value it should be holds: "a string", "null", "an array".
[[nodiscard]] std::string_view KindOf(simdjson::dom::element value);

class ReportReader {
 public:
  // `municipalities` and `conditions` outlive the reader.
  ReportReader(Municipalities* municipalities, const Conditions* conditions,
               const DecoderLimits& limits);

  // Sets all of `*report` but client_id and digest. `*id` is the row's own id, valid as long as
  // `object`; empty when there is none. Fields that Chaac does not know are ignored, but no key of
  // the object may repeat; what lies deeper is not looked at. The municipality is resolved last, so
  // that in open mode a refused report adds none.
  [[nodiscard]] Result<void> Read(simdjson::dom::object object, WallTime now, Hints hints,
                                  Report* report, std::string_view* id);

 private:
  enum Field : std::size_t {
    kMunicipality,
    kTemperature,
    kHumidity,
    kWeather,
    kId,
    kObservedAt,
    kFieldCount,  // Also: a key that Chaac does not know.
  };
  using Fields = std::array<std::optional<simdjson::dom::element>, kFieldCount>;

  static Field FieldOf(std::string_view key);
  [[nodiscard]] Result<void> Collect(simdjson::dom::object object, Fields* fields);
  [[nodiscard]] Result<ConditionIndex> ReadWeather(simdjson::dom::element value) const;
  [[nodiscard]] Result<std::string_view> ReadId(simdjson::dom::element value) const;
  [[nodiscard]] Result<WallTime> ReadObservedAt(simdjson::dom::element value, WallTime now) const;
  [[nodiscard]] Result<MunicipalityIndex> ReadMunicipality(simdjson::dom::element value,
                                                           Hints hints);

  Municipalities* municipalities_;
  const Conditions* conditions_;
  DecoderLimits limits_;
  std::vector<std::string_view> unknown_keys_;  // Of the object being read.
};

}  // namespace chaac

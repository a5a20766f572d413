// The lines of `recent`: a report each, as JSON. Not thread-safe: a reader keeps its parser's
// memory.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace chaac {

// When the report of a line arrived, which every line ends with. Nothing when it is none of ours.
// Does not parse the rest.
[[nodiscard]] std::optional<WallTime> ArrivalOf(std::string_view line);

inline constexpr std::string_view kRecentCsvHeader =
    "municipality,at,temperature,humidity,weather,observed_at,id\r\n";

class RecentLineReader {
 public:
  // Whether `line` is a JSON object, so that it can be shown as it is.
  [[nodiscard]] bool IsObject(std::string_view line);

  // Appends the line's report as a row under kRecentCsvHeader, ending in CRLF; what it does not
  // have is an empty cell. REQUIRES: IsObject(line).
  void AppendCsvRow(std::string_view line, std::string* out);

 private:
  simdjson::dom::parser parser_;
};

}  // namespace chaac

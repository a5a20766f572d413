// Lines, whole and cell by cell.
#include "query/recent_line.h"

#include <array>
#include <cmath>

#include "query/csv.h"
#include "query/numbers.h"
#include "report/rfc3339.h"
#include "store/decimal.h"

namespace chaac {
namespace {

constexpr std::string_view kArrivalKey = R"("at":")";
constexpr std::array<std::string_view, 7> kColumns = {
    "municipality", "at", "temperature", "humidity", "weather", "observed_at", "id"};

void AppendCell(const simdjson::dom::element& value, std::string* out) {
  std::string_view text;
  double number = 0;
  if (value.get(text) == simdjson::SUCCESS) {
    AppendCsvCell(text, out);
  } else if (value.get(number) == simdjson::SUCCESS && std::abs(number) < kMagnitudeMax) {
    AppendNumber(number, out);
  }
}

}  // namespace

std::optional<WallTime> ArrivalOf(std::string_view line) {
  const std::size_t key = line.rfind(kArrivalKey);
  if (key == std::string_view::npos) return std::nullopt;
  line.remove_prefix(key + kArrivalKey.size());
  return ParseRfc3339(line.substr(0, line.find('"')));
}

bool RecentLineReader::IsObject(std::string_view line) {
  return parser_.parse(line.data(), line.size()).is_object();
}

void RecentLineReader::AppendCsvRow(std::string_view line, std::string* out) {
  const simdjson::dom::element report = parser_.parse(line.data(), line.size());
  for (const std::string_view column : kColumns) {
    if (column != kColumns.front()) out->push_back(',');
    simdjson::dom::element value;
    if (report[column].get(value) == simdjson::SUCCESS) AppendCell(value, out);
  }
  out->append("\r\n");
}

}  // namespace chaac

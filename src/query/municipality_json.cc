// A municipality's object, member by member.
#include "query/municipality_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/json_text.h"
#include "query/json_figures.h"
#include "report/rfc3339.h"

namespace chaac {
namespace {

void AppendTextOrNull(std::string_view text, std::string* out) {
  if (text.empty()) {
    out->append("null");
  } else {
    AppendJsonString(text, out);
  }
}

}  // namespace

MunicipalityJson::MunicipalityJson(const std::vector<std::string>& conditions,
                                   const Catalogue* catalogue)
    : catalogue_(catalogue) {
  for (const std::string& condition : conditions) {
    AppendJsonString(condition, &quoted_conditions_.emplace_back());
  }
  if (catalogue == nullptr) return;
  for (const Catalogue::Entry& entry : catalogue->entries()) {
    MunicipalityTotals none;
    none.slug = entry.slug;
    none.by_condition.resize(conditions.size());
    Silent& added = silent_.emplace_back(Silent{entry.slug, {}});
    AppendWhole(none, &added.object);
  }
  std::sort(silent_.begin(), silent_.end(),
            [](const Silent& a, const Silent& b) { return a.slug < b.slug; });
}

void MunicipalityJson::AppendWhole(const MunicipalityTotals& totals, std::string* out) const {
  out->append(R"({"slug":)");
  AppendJsonString(totals.slug, out);
  AppendPlace(totals.slug, out);
  AppendNumbers(totals, out);
  out->push_back('}');
}

void MunicipalityJson::AppendFigures(const MunicipalityTotals& totals, std::string* out) const {
  out->append(R"({"slug":)");
  AppendJsonString(totals.slug, out);
  AppendNumbers(totals, out);
  out->push_back('}');
}

void MunicipalityJson::AppendPlace(std::string_view slug, std::string* out) const {
  const auto index = catalogue_ == nullptr ? std::nullopt : catalogue_->FindSlug(slug);
  if (!index) {
    out->append(R"(,"name":null,"department":null,"lat":null,"lon":null)");
    return;
  }
  const Catalogue::Entry& entry = catalogue_->entries()[*index];
  out->append(R"(,"name":)");
  AppendTextOrNull(entry.name, out);
  out->append(R"(,"department":)");
  AppendTextOrNull(entry.department, out);
  out->append(R"(,"lat":)");
  AppendNumberOrNull(entry.latitude_degrees, out);
  out->append(R"(,"lon":)");
  AppendNumberOrNull(entry.longitude_degrees, out);
}

void MunicipalityJson::AppendNumbers(const MunicipalityTotals& totals, std::string* out) const {
  fmt::format_to(std::back_inserter(*out), FMT_STRING(R"(,"count":{},"avg_temperature":)"),
                 totals.count);
  AppendMean(totals.temperature, out);
  out->append(R"(,"avg_humidity":)");
  AppendMean(totals.humidity, out);
  out->append(R"(,"extremes":{"temperature":)");
  AppendRange(totals.temperature.extremes, out);
  out->append(R"(,"humidity":)");
  AppendRange(totals.humidity.extremes, out);
  out->push_back('}');
  AppendConditions(totals, out);
  out->append(R"(,"last_report_at":)");
  AppendTextOrNull(totals.last_report_at ? FormatRfc3339(*totals.last_report_at) : "", out);
}

void MunicipalityJson::AppendConditions(const MunicipalityTotals& totals, std::string* out) const {
  out->append(R"(,"by_condition":{)");
  const std::string* most = nullptr;
  const std::string* least = nullptr;
  std::uint64_t most_count = 0;
  std::uint64_t least_count = 0;
  for (std::size_t i = 0; i < quoted_conditions_.size(); ++i) {
    const std::string& condition = quoted_conditions_[i];
    const std::uint64_t count = totals.by_condition[i];
    if (i != 0) out->push_back(',');
    fmt::format_to(std::back_inserter(*out), FMT_STRING("{}:{}"), condition, count);
    if (count == 0) continue;
    if (most == nullptr || count > most_count) {
      most = &condition;
      most_count = count;
    }
    if (least == nullptr || count < least_count) {
      least = &condition;
      least_count = count;
    }
  }
  fmt::format_to(std::back_inserter(*out), FMT_STRING(R"(}},"most_common":{},"least_common":{})"),
                 most == nullptr ? "null" : *most, least == nullptr ? "null" : *least);
}

}  // namespace chaac

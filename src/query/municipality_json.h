// MunicipalityJson: municipalities as the query API and the stream show them. Immutable once made,
// so any thread may use it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/totals.h"
#include "report/catalogue.h"

namespace chaac {

class MunicipalityJson {
 public:
  // Of the catalogue, without a report.
  struct Silent {
    std::string slug;
    std::string object;  // As AppendWhole() writes it.
  };

  // `conditions`: the configured ones, in order. `catalogue`: null in open mode; outlives this.
  MunicipalityJson(const std::vector<std::string>& conditions, const Catalogue* catalogue);

  // {"slug":…,"name":…,"department":…,"lat":…,"lon":…, and all the figures}. What the catalogue
  // does not know is null. REQUIRES (both): `totals.by_condition` has a count for each condition.
  void AppendWhole(const MunicipalityTotals& totals, std::string* out) const;
  // {"slug":…, and all the figures}: without what never changes.
  void AppendFigures(const MunicipalityTotals& totals, std::string* out) const;

  // All of the catalogue, as if without a report; sorted by slug. None in open mode.
  [[nodiscard]] const std::vector<Silent>& silent() const { return silent_; }

 private:
  void AppendPlace(std::string_view slug, std::string* out) const;
  void AppendNumbers(const MunicipalityTotals& totals, std::string* out) const;
  void AppendConditions(const MunicipalityTotals& totals, std::string* out) const;

  std::vector<std::string> quoted_conditions_;  // With their quotes.
  const Catalogue* catalogue_;
  std::vector<Silent> silent_;
};

}  // namespace chaac

// MunicipalityList: a JSON array of municipalities, sorted by slug, in which each object can be
// found. Plain values: immutable once it is built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/cached_body.h"
#include "query/municipality_json.h"

namespace chaac {

class MunicipalityList {
 public:
  // Those of `totals`. REQUIRES: sorted by slug.
  [[nodiscard]] static MunicipalityList OfReporting(const MunicipalityJson& json,
                                                    const std::vector<MunicipalityTotals>& totals);
  // `reporting`, and those of the catalogue that are not in it.
  [[nodiscard]] static MunicipalityList WithSilent(const MunicipalityJson& json,
                                                   const MunicipalityList& reporting);

  MunicipalityList() = default;  // Of nothing, not even an array.

  // The array, as it is served.
  [[nodiscard]] const CachedBody& array() const { return array_; }
  // A municipality's object within the array.
  [[nodiscard]] std::optional<std::string_view> Find(std::string_view slug) const;

 private:
  struct Place {
    std::uint32_t begin;  // Of the object in the array.
    std::uint32_t size;
    std::uint32_t slug_size;
  };

  void Add(std::string_view slug, std::string_view object);
  void Close();
  [[nodiscard]] std::string_view ObjectAt(const Place& place) const;
  [[nodiscard]] std::string_view SlugAt(const Place& place) const;

  CachedBody array_;
  std::vector<Place> places_;
};

}  // namespace chaac

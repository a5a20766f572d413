// Catalogue: the municipalities a server knows, from a CSV file: Guatemala's 340 are built in,
// another place brings its own. Immutable after construction, so any thread may read it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"
#include "report/slug_map.h"

namespace chaac {

class Catalogue {
 public:
  struct Entry {
    std::string code;  // The country's own number for it; may be empty, as all below the name may.
    std::string slug;  // Unique.
    std::string name;
    std::string department;
    std::string department_slug;
    std::optional<double> latitude_degrees;  // WGS 84. Both or none.
    std::optional<double> longitude_degrees;
  };

  static constexpr std::size_t kEntriesMax = 4096;  // Each costs a dozen keys in the store.
  static constexpr std::size_t kFileBytesMax = std::size_t{1024} * 1024;  // 250 bytes an entry.
  static constexpr std::size_t kNameBytesMax = 128;  // Of a name or a department.
  static constexpr std::size_t kNearestCount = 3;

  // The 340 municipalities of Guatemala (data/municipalities.csv).
  [[nodiscard]] static Catalogue BuiltIn();
  // Throws std::invalid_argument, which names the file and what is wrong with it.
  [[nodiscard]] static Catalogue FromFile(const std::string& path);
  // `csv` has a header line that names the columns: slug and name; code, department,
  // department_slug, lat and lon where known; others are ignored. `source` names it in errors.
  // Throws std::invalid_argument, which names the line.
  Catalogue(std::string_view csv, const std::string& source);

  // In the order of the file: a MunicipalityIndex is a position in it.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  [[nodiscard]] std::optional<MunicipalityIndex> FindSlug(std::string_view slug) const;

  // Those a folded name may mean: by slug, by name, or by name and department ("san-jose-peten").
  // None: unknown. More than one: ambiguous.
  [[nodiscard]] std::span<const MunicipalityIndex> Find(std::string_view folded_name) const;

  // The slugs most like a folded name, the nearest first; at most kNearestCount.
  [[nodiscard]] std::vector<std::string> Nearest(std::string_view folded_name) const;

 private:
  void IndexNames();

  std::vector<Entry> entries_;
  std::vector<std::string> folded_names_;  // Of each entry.
  SlugMap<MunicipalityIndex> by_slug_;
  SlugMap<std::vector<MunicipalityIndex>> by_name_;  // As Find() takes them.
};

}  // namespace chaac

// Municipalities: which municipalities reports may name, and the index each has on this loop.
// Built from a Catalogue (fixed), or open: any slug, up to a limit. Not thread-safe: one per loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "report/catalogue.h"
#include "report/report.h"
#include "report/slug_map.h"

namespace chaac {

// Whether an unknown name is answered with the nearest known ones: dear, against all the rest.
enum class Hints : std::uint8_t { kNearest, kNone };

class Municipalities {
 public:
  // Only those of `catalogue`, which outlives this. An index is a position in catalogue->entries().
  explicit Municipalities(const Catalogue* catalogue);
  // Open mode: whatever folds to a slug is accepted, up to `count_max` different ones on this loop.
  // REQUIRES: count_max <= 65,536, as many as MunicipalityIndex can tell apart.
  [[nodiscard]] static Municipalities Open(std::size_t count_max);

  // The index of what a report calls `name`: a slug, or a name in any case, with or without
  // accents. Does not allocate for a slug that is known. Errors: kUnknownMunicipality (allowed: the
  // nearest slugs), kAmbiguousMunicipality (allowed: the candidates), kMunicipalityLimit (open
  // mode).
  [[nodiscard]] Result<MunicipalityIndex> Resolve(std::string_view name,
                                                  Hints hints = Hints::kNearest);

  // The original system's integers: 1 mixco, 2 guatemala, 3 amatitlan, 4 chinautla.
  [[nodiscard]] Result<MunicipalityIndex> ResolveNumber(std::int64_t number);

  // REQUIRES: `index` was returned by Resolve. Valid as long as this object.
  [[nodiscard]] std::string_view Slug(MunicipalityIndex index) const;
  [[nodiscard]] std::size_t size() const;

  // Open mode: a name was refused for want of room since the last Forget().
  [[nodiscard]] bool WantsRoom() const { return wants_room_; }
  // Open mode: makes room for other names; those in use come back by being used. REQUIRES: no index
  // is in use any more.
  void Forget();

 private:
  Municipalities() = default;
  [[nodiscard]] std::optional<MunicipalityIndex> FindSlug(std::string_view slug) const;
  [[nodiscard]] Result<MunicipalityIndex> Add(std::string slug);

  const Catalogue* catalogue_ = nullptr;  // Null: open mode, and the members below are in use.
  std::size_t count_max_ = 0;
  bool wants_room_ = false;
  SlugMap<MunicipalityIndex> indices_;
  std::vector<std::string_view> slugs_;  // By index; views of the keys of `indices_`.
};

}  // namespace chaac

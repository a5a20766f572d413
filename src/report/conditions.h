// Conditions: the sky conditions that reports may name, in a fixed order, with their synonyms.
// Immutable after construction, so any thread may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "report/report.h"

namespace chaac {

class Conditions {
 public:
  static constexpr std::size_t kCountMax = 32;  // Bounds the keys of a municipality.

  // `slugs`: from configuration. Throws std::invalid_argument when empty, too many, or malformed.
  explicit Conditions(std::vector<std::string> slugs);
  static std::vector<std::string> DefaultSlugs();  // sunny cloudy rainy foggy stormy windy snowy

  // A slug in any case, or a Spanish synonym whose slug is configured: soleado sunny, nublado
  // cloudy, lluvioso rainy, neblina foggy. Does not allocate for a slug. Errors: kUnknownCondition
  // (allowed: the slugs).
  [[nodiscard]] Result<ConditionIndex> Resolve(std::string_view name) const;
  // The original system's integers: 1 sunny, 2 cloudy, 3 rainy, 4 foggy.
  [[nodiscard]] Result<ConditionIndex> ResolveNumber(std::int64_t number) const;

  [[nodiscard]] const std::vector<std::string>& slugs() const { return slugs_; }

 private:
  [[nodiscard]] std::optional<ConditionIndex> Find(std::string_view slug) const;

  std::vector<std::string> slugs_;
};

}  // namespace chaac

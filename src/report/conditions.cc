// Conditions: a handful of slugs, so a look-up is a walk over them.
#include "report/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <utility>

#include "report/fold.h"
#include "report/text.h"

namespace chaac {
namespace {

static_assert(Conditions::kCountMax <= kNoCondition, "kNoCondition must not be an index");

struct Synonym {
  std::string_view name;
  std::string_view slug;
};
constexpr std::array<Synonym, 4> kSynonyms = {
    {{"soleado", "sunny"}, {"nublado", "cloudy"}, {"lluvioso", "rainy"}, {"neblina", "foggy"}}};

// The enum of the original system's messages, from 1.
constexpr std::array<std::string_view, 4> kNumbered = {"sunny", "cloudy", "rainy", "foggy"};

}  // namespace

Conditions::Conditions(std::vector<std::string> slugs) : slugs_(std::move(slugs)) {
  if (slugs_.empty() || slugs_.size() > kCountMax) {
    throw std::invalid_argument(
        fmt::format("{} conditions are configured; 1 to {} are allowed", slugs_.size(), kCountMax));
  }
  for (auto slug = slugs_.begin(); slug != slugs_.end(); ++slug) {
    if (!IsSlug(*slug)) {
      throw std::invalid_argument(
          fmt::format("condition {} is not a slug: 1..{} of a-z, 0-9 and single '-' between them",
                      Quote(*slug), kSlugBytesMax));
    }
    if (std::find(slugs_.begin(), slug, *slug) != slug) {
      throw std::invalid_argument(fmt::format("condition {} is configured twice", *slug));
    }
  }
}

std::vector<std::string> Conditions::DefaultSlugs() {
  return {"sunny", "cloudy", "rainy", "foggy", "stormy", "windy", "snowy"};
}

Result<ConditionIndex> Conditions::Resolve(std::string_view name) const {
  if (const auto known = Find(name)) return *known;
  if (const std::optional<std::string> folded = Fold(name)) {
    if (const auto known = Find(*folded)) return *known;
    for (const Synonym& synonym : kSynonyms) {
      if (synonym.name != *folded) continue;
      if (const auto known = Find(synonym.slug)) return *known;
    }
  }
  return Fail(
      ErrorCode::kUnknownCondition,
      fmt::format("weather {} is unknown; allowed: {}", Quote(name), fmt::join(slugs_, ", ")),
      slugs_);
}

Result<ConditionIndex> Conditions::ResolveNumber(std::int64_t number) const {
  if (number >= 1 && number <= std::int64_t{kNumbered.size()}) {
    if (const auto known = Find(kNumbered[static_cast<std::size_t>(number - 1)])) return *known;
  }
  return Fail(ErrorCode::kUnknownCondition,
              fmt::format("weather {} is unknown; allowed: {}", number, fmt::join(slugs_, ", ")),
              slugs_);
}

std::optional<ConditionIndex> Conditions::Find(std::string_view slug) const {
  const auto known = std::find(slugs_.begin(), slugs_.end(), slug);
  if (known == slugs_.end()) return std::nullopt;
  return static_cast<ConditionIndex>(known - slugs_.begin());
}

}  // namespace chaac

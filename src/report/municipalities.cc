// Municipalities: resolving what a report calls its municipality. The exact slug is one look-up;
// every other spelling is folded first.
#include "report/municipalities.h"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <limits>
#include <span>
#include <utility>

#include "report/fold.h"
#include "report/text.h"

namespace chaac {
namespace {

// The enum of the original system's messages, from 1.
constexpr std::array<std::string_view, 4> kNumbered = {"mixco", "guatemala", "amatitlan",
                                                       "chinautla"};

tl::unexpected<Error> NotAName(std::string_view name) {
  return Fail(ErrorCode::kUnknownMunicipality,
              fmt::format("municipality {} is not a name: 1 to {} Latin letters, digits, and what "
                          "separates words are allowed",
                          Quote(name), kSlugBytesMax));
}

tl::unexpected<Error> Unknown(std::string_view name, std::vector<std::string> nearest) {
  std::string detail = fmt::format("municipality {} is unknown", Quote(name));
  if (!nearest.empty()) detail += fmt::format("; the nearest: {}", fmt::join(nearest, ", "));
  return Fail(ErrorCode::kUnknownMunicipality, std::move(detail), std::move(nearest));
}

tl::unexpected<Error> Ambiguous(std::string_view name, const Catalogue& catalogue,
                                std::span<const MunicipalityIndex> found) {
  std::vector<std::string> slugs;
  for (const MunicipalityIndex index : found) slugs.push_back(catalogue.entries()[index].slug);
  std::string detail = fmt::format("municipality {} is ambiguous; send one of {}", Quote(name),
                                   fmt::join(slugs, ", "));
  return Fail(ErrorCode::kAmbiguousMunicipality, std::move(detail), std::move(slugs));
}

}  // namespace

Municipalities::Municipalities(const Catalogue* catalogue) : catalogue_(catalogue) {}

Municipalities Municipalities::Open(std::size_t count_max) {
  assert(count_max <= std::size_t{std::numeric_limits<MunicipalityIndex>::max()} + 1);
  Municipalities open;
  open.count_max_ = count_max;
  return open;
}

Result<MunicipalityIndex> Municipalities::Resolve(std::string_view name, Hints hints) {
  if (const auto known = FindSlug(name)) return *known;
  std::optional<std::string> folded = Fold(name);
  if (!folded) return NotAName(name);
  if (catalogue_ == nullptr) return Add(std::move(*folded));
  const std::span<const MunicipalityIndex> found = catalogue_->Find(*folded);
  if (found.size() == 1) return found.front();
  if (found.size() > 1) return Ambiguous(name, *catalogue_, found);
  if (hints == Hints::kNone) return Unknown(name, {});
  return Unknown(name, catalogue_->Nearest(*folded));
}

Result<MunicipalityIndex> Municipalities::ResolveNumber(std::int64_t number) {
  if (number < 1 || number > std::int64_t{kNumbered.size()}) {
    return Fail(
        ErrorCode::kUnknownMunicipality,
        fmt::format("municipality {} is unknown; as integers, 1 {}, 2 {}, 3 {} and 4 {} are "
                    "allowed",
                    number, kNumbered[0], kNumbered[1], kNumbered[2], kNumbered[3]),
        {"1", "2", "3", "4"});
  }
  return Resolve(kNumbered[static_cast<std::size_t>(number - 1)]);
}

std::optional<MunicipalityIndex> Municipalities::FindSlug(std::string_view slug) const {
  if (catalogue_ != nullptr) return catalogue_->FindSlug(slug);
  const auto known = indices_.find(slug);
  if (known == indices_.end()) return std::nullopt;
  return known->second;
}

Result<MunicipalityIndex> Municipalities::Add(std::string slug) {
  if (const auto known = FindSlug(slug)) return *known;
  if (slugs_.size() >= count_max_) {
    wants_room_ = true;
    return Fail(
        ErrorCode::kMunicipalityLimit,
        fmt::format("municipality {} would be one too many: this server accepts {} different "
                    "ones",
                    Quote(slug), count_max_));
  }
  const auto index = static_cast<MunicipalityIndex>(slugs_.size());
  slugs_.push_back(indices_.emplace(std::move(slug), index).first->first);
  return index;
}

void Municipalities::Forget() {
  slugs_.clear();
  indices_.clear();
  wants_room_ = false;
}

std::string_view Municipalities::Slug(MunicipalityIndex index) const {
  return catalogue_ != nullptr ? catalogue_->entries()[index].slug : slugs_[index];
}

std::size_t Municipalities::size() const {
  return catalogue_ != nullptr ? catalogue_->entries().size() : slugs_.size();
}

}  // namespace chaac

// By slug, then by name.
#include "query/municipality_finder.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "report/edit_distance.h"
#include "report/fold.h"
#include "report/text.h"

namespace chaac {
namespace {

// In open mode those are known that report.
Result<std::string> FindReporting(std::string_view name, const Snapshot& newest) {
  const std::optional<std::string> folded = Fold(name);
  if (folded && newest.all.Find(*folded)) return *folded;
  std::vector<std::string> nearest;
  if (folded) {
    std::vector<std::string_view> slugs;
    for (const MunicipalityTotals& m : newest.municipalities) slugs.emplace_back(m.slug);
    nearest = NearestOf(*folded, slugs, Catalogue::kNearestCount);
  }
  std::string detail = fmt::format("no report of a municipality {} is known", Quote(name));
  if (!nearest.empty()) detail += fmt::format("; the nearest: {}", fmt::join(nearest, ", "));
  return Fail(ErrorCode::kNotFound, std::move(detail), std::move(nearest));
}

}  // namespace

MunicipalityFinder::MunicipalityFinder(const Catalogue* catalogue) {
  if (catalogue != nullptr) known_.emplace(catalogue);
}

Result<std::string> MunicipalityFinder::Find(std::string_view name, const Snapshot& newest) {
  if (newest.all.Find(name)) return std::string(name);
  if (!known_) return FindReporting(name, newest);
  const Result<MunicipalityIndex> index = known_->Resolve(name);
  if (index) return std::string(known_->Slug(*index));
  Error error = index.error();
  error.code = ErrorCode::kNotFound;
  return tl::unexpected(std::move(error));
}

}  // namespace chaac

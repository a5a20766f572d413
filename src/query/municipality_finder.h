// MunicipalityFinder: which municipality a reader means: one of the catalogue, or one that reports.
// Not thread-safe: one for each loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "query/snapshot.h"
#include "report/catalogue.h"
#include "report/municipalities.h"

namespace chaac {

class MunicipalityFinder {
 public:
  // `catalogue`: null in open mode; outlives this.
  explicit MunicipalityFinder(const Catalogue* catalogue);

  // The slug of what a reader calls `name`: a slug, or a name in any case, with or without accents.
  // Errors: kNotFound (allowed: the nearest, or the candidates of an ambiguous name).
  [[nodiscard]] Result<std::string> Find(std::string_view name, const Snapshot& newest);

 private:
  std::optional<Municipalities> known_;  // None in open mode.
};

}  // namespace chaac

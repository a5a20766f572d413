// RFC 3339 time stamps: "2026-07-01T12:30:00.250-06:00". Strict: the full form with 'Z' or an
// offset, digits only, a day that exists. Pure functions, without locale or allocation.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace chaac {

// Nothing when `text` is not such a time stamp. Fractions below a millisecond are cut off. A leap
// second, which only the last UTC minute of a month may hold, counts as the second after it.
[[nodiscard]] std::optional<WallTime> ParseRfc3339(std::string_view text);

// In UTC, whole seconds: "2026-07-01T18:30:00Z". REQUIRES: the years 0 to 9999.
[[nodiscard]] std::string FormatRfc3339(WallTime time);

}  // namespace chaac

// Client ids: the names clients give to reports, so that sending one again counts it once.
// Pure functions.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace chaac {

// Allowed: 1..bytes_max printable ASCII characters without space, '"' and '\' (so that no answer,
// log line or key needs to escape one), not with the server's prefix. Errors: kInvalidId, about
// `what`, the id's place: "id" or "Idempotency-Key".
[[nodiscard]] Result<void> CheckClientId(std::string_view what, std::string_view id,
                                         std::size_t bytes_max);

}  // namespace chaac

// The events of GET /api/stream, as Server-Sent Events: fields in lines, an empty line at the end
// (HTML Standard, 9.2). Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace chaac {

// How a client that was cut off should come back: after a second.
inline constexpr std::string_view kRetryField = "retry: 1000\n\n";

// REQUIRES: `data` is one line.
[[nodiscard]] std::string SnapshotEvent(std::uint64_t number, std::string_view data);

// The figures are not current: none was read since. `detail` says why, in a sentence.
[[nodiscard]] std::string StaleEvent(WallTime since, std::string_view detail);

// Unix time, in whole seconds.
[[nodiscard]] std::int64_t UnixSeconds(WallTime time);

}  // namespace chaac

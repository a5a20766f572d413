// The two clocks, as types. Below the event loop nobody reads a clock: time is an argument.
#pragma once

#include <chrono>

namespace chaac {

using MonotonicTime = std::chrono::steady_clock::time_point;  // For durations and deadlines.
// For what is stored or shown: milliseconds since the Unix epoch, UTC.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

}  // namespace chaac

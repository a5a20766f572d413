// How Valkey reads and writes numbers: strict integers, long doubles as decimal text, and Lua's
// doubles as arguments of commands. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chaac {

// Decimal, without sign '+', leading zeros or spaces; "-0" is refused.
std::optional<std::int64_t> ParseInteger(std::string_view text);

// Anything strtold() takes whole, save NaN; infinity included.
std::optional<long double> ParseLongDouble(std::string_view text);

// Seventeen decimals, trailing zeros cut. REQUIRES: `value` is finite.
std::string FormatLongDouble(long double value);

// A Lua number as redis.call() passes it on: an integer where it is one, else the shortest text
// that reads back as the same double. (Valkey's own text is, for three fractions in a thousand, a
// digit longer.)
std::string FormatLuaNumber(double value);

}  // namespace chaac

// Why a text is not JSON, in a sentence with the offset, in bytes from 0, of the first fault: where
// the character, word or escape begins that cannot stand there, or where a text ends too early.
// simdjson decides that it is not JSON, and names most causes alike; this second, slower reading
// runs on refused bodies alone. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chaac {

// For a number that simdjson finds too large, but is no plain case of it.
inline constexpr std::string_view kUnexplainedJson = "the text is not valid JSON";

// REQUIRES: simdjson refused `text`, with `depth_max` nested arrays and objects allowed.
// Linear in the text.
[[nodiscard]] std::string ExplainMalformedJson(std::string_view text, std::size_t depth_max);

}  // namespace chaac

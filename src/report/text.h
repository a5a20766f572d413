// Text that clients wrote: strict UTF-8 decoding, and quoting for sentences. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chaac {

inline constexpr std::size_t kQuoteBytesMax = 40;  // Of a client's text within an error's sentence.

// Takes the code point at the front of `*text`. Nothing when the bytes there are not UTF-8
// (overlong forms and surrogates are not); one byte is taken then. REQUIRES: `*text` is not empty.
[[nodiscard]] std::optional<char32_t> TakeCodePoint(std::string_view* text);

// `text` in double quotes: valid UTF-8 on one line whatever it holds ('?' stands for what is not),
// cut after kQuoteBytesMax bytes.
[[nodiscard]] std::string Quote(std::string_view text);

}  // namespace chaac

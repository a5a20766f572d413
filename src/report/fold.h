// Fold: a name as people write it to a slug, the form that keys and answers use. Case and Latin
// accents go ("Amatitlán" is amatitlan), everything between letters and digits becomes one '-'.
// Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chaac {

inline constexpr std::size_t kSlugBytesMax = 64;  // Bounds the keys of a municipality.

// True for what Fold returns: 1..kSlugBytesMax bytes, [a-z0-9]+ joined by single '-'.
[[nodiscard]] bool IsSlug(std::string_view text);

// Nothing when `name` is not UTF-8, holds control characters, has no Latin letter or digit, or its
// slug would be longer than kSlugBytesMax. A slug folds to itself.
[[nodiscard]] std::optional<std::string> Fold(std::string_view name);

}  // namespace chaac

// What a client accepts: the lists of Accept and Accept-Encoding with their weights (RFC
// 9110, 12.4.2 and 12.5). Pure. A weight that cannot be read counts as 0: nothing is sent on a
// guess.
#pragma once

#include <cstdint>
#include <string_view>

namespace chaac {

enum class ContentCoding : std::uint8_t { kIdentity, kGzip };

// gzip where it is accepted at least as gladly as identity, which is sent in all other cases.
[[nodiscard]] ContentCoding ChooseCoding(std::string_view accept_encoding);

// Whether text/html is named, and not less wanted than application/json: a browser does so, while
// curl and libraries say */* or nothing.
[[nodiscard]] bool PrefersHtml(std::string_view accept);

}  // namespace chaac

// Any bytes as a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace chaac {

// Appends `text` to `out` in double quotes, escaped. What is not UTF-8 becomes U+FFFD, one for each
// byte, so that the result is always a valid JSON string.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace chaac

// What INFO answers: lines of "name:value" in sections.
#pragma once

#include <string_view>

namespace chaac {

// The value of `name`; empty when there is none.
[[nodiscard]] std::string_view InfoValue(std::string_view info, std::string_view name);

}  // namespace chaac

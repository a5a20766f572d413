// The function library that every commit runs in the store: chaac.lua, embedded at build time.
#pragma once

#include <string_view>

namespace chaac {

extern const std::string_view kLibraryCode;
inline constexpr std::string_view kLibraryName = "chaac_v1";

}  // namespace chaac
